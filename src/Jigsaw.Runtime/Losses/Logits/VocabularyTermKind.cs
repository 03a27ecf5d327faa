namespace Jigsaw.Losses.Logits;

/// <summary>What a term computes of a row of logits and the teacher's.</summary>
internal enum VocabularyTermKind
{
    CrossEntropy,
    CosineDistance,
    NormalizedL2,

    /// <summary>What a function of the rows says, each term by itself.</summary>
    OfRows,
}
