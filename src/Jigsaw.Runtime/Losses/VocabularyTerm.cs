namespace Jigsaw.Losses;

/// <summary>One term on the logits. Two terms that say the same are two terms.</summary>
internal sealed class VocabularyTerm(VocabularyTermKind kind, Pass pass, double weight, RowMask mask, double? maxLoss, double scalingFactor)
{
    internal VocabularyTermKind Kind => kind;

    internal Pass Pass => pass;

    internal double Weight => weight;

    internal RowMask Mask => mask;

    internal double? MaxLoss => maxLoss;

    internal double ScalingFactor => scalingFactor;
}
