namespace Jigsaw.Generators.Gathering;

/// <summary>A type by which a term of one's own names what it reads.</summary>
/// <param name="Name">The type's name in the namespace Jigsaw.</param>
/// <param name="Expression">What the generated code passes.</param>
/// <param name="Notation">What formulas call it.</param>
/// <param name="Pass">The pass that it is read from, if any.</param>
/// <param name="ReadsLogits">Whether it is the pass's logits, and not its hidden states at the distillation layer.</param>
/// <param name="IsRows">Whether it is rows of them at a time, and not whole.</param>
internal sealed record ActivationType(string Name, string Expression, string Notation, Pass? Pass = null, bool ReadsLogits = false, bool IsRows = false);
