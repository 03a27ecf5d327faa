using Jigsaw.Batches;

namespace Jigsaw.Losses.Logits;

/// <summary>One term on the logits. Two terms that say the same are two terms.</summary>
internal sealed class VocabularyTerm(VocabularyTermKind kind, Pass pass, double weight, RowMask mask, double? maxLoss, double scalingFactor, LogitFunction? function = null)
{
    internal VocabularyTermKind Kind => kind;

    internal Pass Pass => pass;

    internal double Weight => weight;

    internal RowMask Mask => mask;

    internal double? MaxLoss => maxLoss;

    internal double ScalingFactor => scalingFactor;

    /// <summary>What computes the rows' values; null for a built-in kind.</summary>
    internal LogitFunction? Function => function;

    /// <summary>Whether it reads anything of the teacher.</summary>
    internal bool ReadsTeacher => function?.ReadsTeacher ?? true;

    /// <summary>Whether it compares with the teacher's logits themselves.</summary>
    internal bool ReadsTeacherLogits => function?.ReadsTeacher ?? kind != VocabularyTermKind.CrossEntropy;
}
