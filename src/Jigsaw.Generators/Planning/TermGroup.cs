namespace Jigsaw.Generators.Planning;

/// <summary>Where a term is computed, in the order of summation.</summary>
internal enum TermGroup
{
    Logits,
    Layer,
    Embeddings,
    Own,
}
