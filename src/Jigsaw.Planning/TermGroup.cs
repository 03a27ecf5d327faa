namespace Jigsaw.Planning;

/// <summary>Where a term is computed, in the order of summation. Custom terms that read rows of logits are on the logits, after the built-in ones.</summary>
internal enum TermGroup
{
    Logits,
    Layer,
    Embeddings,
    Custom,
}
