namespace Jigsaw.Passes;

/// <summary>Passes of a step that are run, read and freed together.</summary>
/// <param name="Passes">The passes, without the teacher's clean one, which every stage reads.</param>
/// <param name="IsLast">True if no stage follows: terms on embeddings only are computed in the last one.</param>
internal sealed record StepStage(IReadOnlyList<Pass> Passes, bool IsLast);
