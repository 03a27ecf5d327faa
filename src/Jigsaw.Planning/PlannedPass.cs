using Jigsaw.Passes;

namespace Jigsaw.Planning;

/// <summary>One pass that a step runs.</summary>
/// <param name="Pass">The pass.</param>
/// <param name="Gradient">What its gradient flows into.</param>
/// <param name="Logits">True if a term reads its logits.</param>
/// <param name="Layer">True if a term reads its hidden states at the distillation layer.</param>
/// <param name="ReadBy">Keys of the terms that read it.</param>
/// <param name="WholeLogitsReadBy">Keys of the custom terms that read its logits whole.</param>
/// <param name="WholeLayerReadBy">Keys of the custom terms that read its hidden states at the distillation layer.</param>
/// <param name="PredictionsReadBy">Keys of the terms that read what it predicts of the tokens of the prompt.</param>
internal sealed record PlannedPass(Pass Pass, GradientFlow Gradient, bool Logits, bool Layer, EquatableArray<string> ReadBy, EquatableArray<string> WholeLogitsReadBy, EquatableArray<string> WholeLayerReadBy, EquatableArray<string> PredictionsReadBy);
