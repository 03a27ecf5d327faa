namespace Jigsaw.Losses;

/// <summary>One term on the logits.</summary>
internal sealed record VocabularyTerm(VocabularyTermKind Kind, Pass Pass, double Weight, RowMask Mask, double? MaxLoss, double ScalingFactor);
