using Jigsaw.Batches;
using Jigsaw.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Jigsaw.Losses.Logits;

/// <summary>The rows that a loop over the vocabulary processes, with their order, chunks, blocks and types, and their products with a head.</summary>
internal sealed class LoopRows : IDisposable
{
    // Rows that a chain of element-wise operations processes at a time, so a block stays in the cache between them.
    private const long BlockBytes = 2L << 20;

    // What a workspace may take: on the CPU little memory, on other devices few kernel launches.
    internal const long HostWorkspaceBytes = 48L << 20;
    private const long DeviceWorkspaceBytes = 192L << 20;

    private readonly Dictionary<RowMask, Tensor> _weights = [];
    private readonly bool _ownsOrder;
    private readonly bool _ownsWorkspaces;
    private readonly int _blockRows;

    internal LoopRows(LogitSource teacher, IReadOnlyList<LogitSource> sources, IReadOnlyList<WeightedLogitTerm> terms, VocabularyLoopOptions options, VocabularyLoop.Services services)
    {
        Device = teacher.Hidden.device;
        Wide = KernelArguments.AccumulationType([teacher.Hidden, teacher.Head.Weight, .. sources.SelectMany(source => (Tensor[])[source.Hidden, source.Head.Weight])]);
        Narrow = options.WideProducts || Wide == ScalarType.Float64 ? Wide : teacher.Head.Weight.dtype;
        Vocabulary = teacher.Head.Weight.shape[0];
        Passes = [.. terms.Select(term => term.Pass).Distinct()];
        var total = checked((int)(teacher.Hidden.shape[0] * teacher.Hidden.shape[1]));
        Order = services.Targets?.Order ?? RowOrder.Of([.. Passes.Select(pass => (IReadOnlyList<RowMask>)[.. terms.Where(term => term.Pass == pass).Select(term => term.Mask)])], total, Device);
        _ownsOrder = services.Targets is null;
        if (services.Targets is { } targets)
        {
            targets.Order = Order;
        }

        ChunkRows = Math.Clamp(options.ChunkRows ?? RowsOf(options.WorkspaceBytes ?? (Device.type == DeviceType.CPU ? HostWorkspaceBytes : DeviceWorkspaceBytes), Vocabulary), 1, Math.Max(Order.Count, 1));
        _blockRows = (int)Math.Clamp(BlockBytes / (Vocabulary * Wide.ElementSize()), 8, ChunkRows < 8 ? 8 : ChunkRows);
        Unit = Math.Pow(2, Math.Round(Math.Log2(Math.Max(Order.Count, 1))));
        Workspaces = services.Workspaces ?? new LogitWorkspaces();
        _ownsWorkspaces = services.Workspaces is null;
        foreach (var mask in terms.Select(term => term.Mask).Distinct())
        {
            _weights.Add(mask, InOrder(mask.Value).to(Wide));
        }
    }

    /// <summary>The device of all tensors.</summary>
    internal Device Device { get; }

    /// <summary>The type of softmax, values and reductions.</summary>
    internal ScalarType Wide { get; }

    /// <summary>The type of the products.</summary>
    internal ScalarType Narrow { get; }

    /// <summary>How many classes the head has.</summary>
    internal long Vocabulary { get; }

    /// <summary>The passes that the terms read, in the order in which <see cref="Order"/> numbers the sources.</summary>
    internal IReadOnlyList<Pass> Passes { get; }

    /// <summary>The rows, each once.</summary>
    internal RowOrder Order { get; }

    /// <summary>Rows of a chunk.</summary>
    internal int ChunkRows { get; }

    /// <summary>A power of two near the number of rows: gradients are accumulated in units of its reciprocal, which keeps small ones from vanishing in a narrow type.</summary>
    internal double Unit { get; }

    /// <summary>The loop's buffers.</summary>
    internal LogitWorkspaces Workspaces { get; }

    /// <summary>A mask as numbers in the rows' order, shape (count).</summary>
    internal Tensor Weights(RowMask mask) => _weights[mask];

    /// <summary>The rows that some mask counts, in the rows' order, shape (count).</summary>
    internal Tensor Union(IReadOnlyList<RowMask> masks)
    {
        var union = masks[0].Value;
        foreach (var mask in masks.Skip(1).Distinct())
        {
            union = ReferenceEquals(mask, masks[0]) ? union : union | mask.Value;
        }

        return InOrder(union);
    }

    /// <summary>A head's weight in the type of the products.</summary>
    internal Tensor Table(Tensor weight) => weight.detach().to(Narrow);

    /// <summary>Hidden states of a range of rows, with zeros for those that don't count.</summary>
    /// <param name="hidden">All hidden states, shape (batch·sequence, hidden).</param>
    /// <param name="counts">Which rows count, shape (count); null if all do.</param>
    /// <param name="start">The first row.</param>
    /// <param name="length">How many.</param>
    internal Tensor Chunk(Tensor hidden, Tensor? counts, int start, int length)
    {
        var rows = Order.Index is { } index ? PackedRows.Gather(hidden, index.narrow(0, start, length)) : hidden.narrow(0, start, length);
        return counts is null ? rows : rows.masked_fill(counts.narrow(0, start, length).eq(Scalars.Of(false)).unsqueeze(1), Scalars.Of(0));
    }

    /// <summary>A chunk's logits in the wide type.</summary>
    /// <param name="workspace">Where they go.</param>
    /// <param name="hidden">The chunk's hidden states.</param>
    /// <param name="table">The head in the type of the products.</param>
    /// <param name="bias">The bias to add; null for none.</param>
    internal Tensor Product(Workspace workspace, Tensor hidden, Tensor table, Tensor? bias)
    {
        var length = (int)hidden.shape[0];
        var rows = hidden.to(Narrow);
        var isWide = Narrow == Wide;
        var logits = isWide ? Take(workspace, length) : Take(Workspaces.Narrow, length, Narrow);
        using var transposed = table.t();
        if (bias is null)
        {
            logits.addmm_(rows, transposed, beta: 0, alpha: 1);
        }
        else
        {
            logits.copy_(bias.detach());
            logits.addmm_(rows, transposed, beta: 1, alpha: 1);
        }

        return isWide ? logits : Take(workspace, length).copy_(logits);
    }

    /// <summary>Memory for rows of logits, as many as a chunk can have.</summary>
    internal Tensor Take(Workspace workspace, int rows, ScalarType? type = null)
    {
        using var whole = workspace.Take(ChunkRows, Vocabulary, type ?? Wide, Device);
        return whole.narrow(0, 0, rows);
    }

    /// <summary>Blocks of rows that fit in the cache.</summary>
    internal IEnumerable<(int From, int Count)> Blocks(int rows)
    {
        // On another device, splitting a tensor into blocks saves nothing and costs kernel launches.
        var size = Device.type == DeviceType.CPU ? _blockRows : Math.Max(rows, 1);
        for (var from = 0; from < rows; from += size)
        {
            yield return (from, Math.Min(size, rows - from));
        }
    }

    /// <summary>Memory for a block of rows: short-lived small tensors would fragment the C library's heap and make it grow. Null on other devices.</summary>
    internal Tensor? Block(int rows) =>
        Device.type == DeviceType.CPU ? Workspaces.Block.Take(rows, Vocabulary, Wide, Device) : null;

    /// <summary>Frees what is not kept for the next loop.</summary>
    public void Dispose()
    {
        if (_ownsWorkspaces)
        {
            Workspaces.Dispose();
        }

        if (_ownsOrder)
        {
            Order.Dispose();
        }
    }

    /// <summary>Rows of a chunk whose logits take so many bytes.</summary>
    internal static int RowsOf(long bytes, long vocabulary) =>
        (int)Math.Clamp(bytes / (4 * vocabulary), 128, 1024) / 32 * 32;

    private Tensor InOrder(Tensor mask) => Order.Index is { } index ? PackedRows.Gather(mask.reshape(-1), index) : mask.reshape(-1);
}
