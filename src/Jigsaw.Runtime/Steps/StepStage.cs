using Jigsaw.Losses.Logits;

namespace Jigsaw.Steps;

/// <summary>Passes of a step that are run, read and freed together.</summary>
/// <param name="Passes">The passes, without the teacher's clean one, which every stage reads.</param>
/// <param name="IsLast">Whether no stage follows: terms on embeddings alone are computed in the last one.</param>
/// <param name="Targets">What stages hand on of the teacher's logits; null: nothing.</param>
internal sealed record StepStage(IReadOnlyList<Pass> Passes, bool IsLast, TeacherTargets? Targets);
