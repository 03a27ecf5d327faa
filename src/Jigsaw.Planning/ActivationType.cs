namespace Jigsaw.Planning;

/// <summary>A type by which a custom term names what it reads.</summary>
/// <param name="Name">The type's name in the namespace Jigsaw.</param>
/// <param name="Expression">What the generated code passes.</param>
/// <param name="Notation">What formulas call it.</param>
/// <param name="Pass">The pass that it is read from, if any.</param>
/// <param name="ReadsLogits">True for the pass's logits, false for its hidden states at the distillation layer.</param>
/// <param name="IsRows">True for some rows of them at a time, false for all at once.</param>
internal sealed record ActivationType(string Name, string Expression, string Notation, Pass? Pass = null, bool ReadsLogits = false, bool IsRows = false);
