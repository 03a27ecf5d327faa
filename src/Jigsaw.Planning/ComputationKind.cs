namespace Jigsaw.Planning;

/// <summary>How values are computed.</summary>
internal enum ComputationKind
{
    /// <summary>All terms on the logits, in one loop over the vocabulary.</summary>
    Logits,

    /// <summary>The terms that compare one pair of tensors, in one pass over its rows.</summary>
    Pair,

    /// <summary>One built-in term that is not a comparison of two tensors.</summary>
    Kernel,

    /// <summary>One custom term that returns a scalar.</summary>
    Custom,
}
