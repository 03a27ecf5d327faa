namespace Jigsaw.Passes;

/// <summary>Passes of a step that are run, read and freed together.</summary>
/// <param name="Passes">The passes, without the teacher's clean one, which every stage reads.</param>
/// <param name="IsLast">True if the terms on embeddings only are computed here: in the last stage, or, in a step in micro-batches, in one of their own for all rows.</param>
internal sealed record StepStage(IReadOnlyList<Pass> Passes, bool IsLast);
