using Jigsaw.Tensors;

namespace Jigsaw.Losses.Filtering;

/// <summary>The buffers of one <see cref="ColumnFilter"/>, kept for the next loop.</summary>
internal sealed class FilterWorkspaces : IDisposable
{
    /// <summary>The weighted sum of each column.</summary>
    public Workspace Sums { get; } = new();

    /// <summary>The weighted absolute sum of each column.</summary>
    public Workspace Magnitudes { get; } = new();

    /// <summary>The absolute values of a block of rows.</summary>
    public Workspace Block { get; } = new();

    /// <summary>Rows of the head that belong to chosen columns.</summary>
    public Workspace Head { get; } = new();

    /// <summary>The estimates' vectors of all chunks.</summary>
    public Workspace Vectors { get; } = new();

    /// <summary>Frees all memory.</summary>
    public void Dispose()
    {
        foreach (var workspace in (ReadOnlySpan<Workspace>)[Sums, Magnitudes, Block, Head, Vectors])
        {
            workspace.Dispose();
        }
    }
}
