using Jigsaw.CompilerServices;

namespace Jigsaw.Steps;

/// <summary>
/// What one run computes of a step in micro-batches: the terms that read passes, for some rows, or those on embeddings, for all. These may read the teacher's clean pass, which the micro-batches then keep.
/// </summary>
/// <param name="isOfEmbeddings">True for the terms on embeddings.</param>
internal sealed class StepPart(bool isOfEmbeddings)
{
    /// <summary>True for the terms on embeddings, false for those that read passes.</summary>
    public bool IsOfEmbeddings => isOfEmbeddings;

    /// <summary>The teacher's clean pass on all rows; null where nothing on embeddings reads it.</summary>
    public PassActivations[]? Target { get; init; }

    /// <summary>Where the rows of the teacher's clean pass go; null if nothing on embeddings reads it.</summary>
    public KeptTarget? Kept { get; init; }

    /// <summary>Keeps the rows of the teacher's clean pass.</summary>
    /// <param name="target">What the pass left.</param>
    public void Keep(PassActivations[] target)
    {
        if (target is [var clean])
        {
            Kept?.Add(clean);
        }
    }
}
