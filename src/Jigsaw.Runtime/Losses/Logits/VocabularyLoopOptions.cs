using Jigsaw.Losses.Filtering;

namespace Jigsaw.Losses.Logits;

/// <summary>How the loop over the vocabulary is run.</summary>
internal sealed record VocabularyLoopOptions
{
    /// <summary>Bytes that each workspace may take; null for the device's default.</summary>
    public long? WorkspaceBytes { get; init; }

    /// <summary>Rows of a chunk; null for as many as fit into a workspace.</summary>
    public int? ChunkRows { get; init; }

    /// <summary>True if products of bfloat16 and float16 inputs run in float32: slower, and without the rounding of the logits.</summary>
    public bool WideProducts { get; init; }

    /// <summary>The allowed relative error of the gradient, in exchange for multiplying fewer of its columns; 0 disables the filter. See <see cref="ColumnFilter"/>.</summary>
    public double GradientFilter { get; init; }
}
