namespace Jigsaw.Generators.Planning;

/// <summary>Where a term is computed, in the order of summation. One's own that read rows of logits are on the logits, after the built-in ones.</summary>
internal enum TermGroup
{
    Logits,
    Layer,
    Embeddings,
    Own,
}
