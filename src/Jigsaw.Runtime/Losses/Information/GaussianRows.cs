using Jigsaw.Batches;
using Jigsaw.Losses.Gradients;
using Jigsaw.Processes;
using Jigsaw.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Jigsaw.Losses.Information;

/// <summary>
/// What the transform produces for the tokens of a batch, as rows: N(M, s²) with M = x + μ and s² = σ²/n, what an attacker gets from n copies with fresh noise. A row that no mask counts
/// has M = 0, s² = 1 and no weight. Everything is in the current dispose scope.
/// </summary>
internal sealed class GaussianRows
{
    private readonly PackedRows _rows;
    private readonly Tensor _clean;
    private readonly Tensor _means;
    private readonly Tensor _stds;
    private readonly Tensor _deviations;
    private readonly int _repeats;

    /// <summary>Reads rows.</summary>
    /// <param name="clean">x, shape (batch, sequence, features).</param>
    /// <param name="means">μ, the same shape.</param>
    /// <param name="stds">σ, the same shape, positive where a row counts.</param>
    /// <param name="mask">Rows that some weight counts.</param>
    /// <param name="repeats">n.</param>
    /// <param name="ofPairs">True for float64 where that is cheap: distances between pairs are differences of squares, and are exponentiated.</param>
    internal GaussianRows(Tensor clean, Tensor means, Tensor stds, RowMask mask, int repeats, bool ofPairs = false)
    {
        Type = ofPairs && clean.device_type == DeviceType.CPU ? ScalarType.Float64 : KernelArguments.AccumulationType(clean, means, stds);
        (_clean, _means, _stds, _repeats) = (clean, means, stds, repeats);
        _rows = new PackedRows(mask, Type);
        Means = Read(clean, 0).add_(Read(means, 0), Scalars.One);
        _deviations = Read(stds, 1);
        Variances = _deviations.Squared().div_(Scalars.Of(repeats));
    }

    /// <summary>The type of all reductions.</summary>
    internal ScalarType Type { get; }

    /// <summary>M, shape (rows, features).</summary>
    internal Tensor Means { get; }

    /// <summary>s², shape (rows, features).</summary>
    internal Tensor Variances { get; }

    /// <summary>Checks a kernel's arguments before the first operation.</summary>
    /// <exception cref="ArgumentException">Shapes, dtypes or devices are incompatible, or n is less than 1.</exception>
    internal static void Check(Tensor clean, Tensor means, Tensor stds, int repeats, params ReadOnlySpan<RowMask> masks)
    {
        KernelArguments.RequireTokens(clean);
        KernelArguments.RequireLike(clean, means);
        KernelArguments.RequireLike(clean, stds);
        foreach (var mask in masks)
        {
            KernelArguments.RequireMask(clean.device, mask, clean.shape[0], clean.shape[1]);
        }

        if (repeats < 1)
        {
            throw new ArgumentException($"repeats is {repeats}; give the number of copies that an attacker may see, at least 1.", nameof(repeats));
        }
    }

    /// <summary>A row's weight in a mean over a mask's tokens: 1 over their number, 0 where it does not count. Shape (rows, 1).</summary>
    internal Tensor Shares(RowMask mask)
    {
        var share = _rows.Denominator(mask).reciprocal().expand(_rows.Count, 1);
        return _rows.LeftOutBy(mask) is { } leftOut ? share.masked_fill(leftOut, Scalars.Of(0)) : share;
    }

    /// <summary>1 where a mask counts nothing, else 0: shape ().</summary>
    internal Tensor IsEmpty(RowMask mask) => mask.Step is not null ? full([], Scalars.Of(mask.CountInStep == 0 ? 1 : 0), dtype: Type, device: mask.Value.device) : mask.Value.any().eq(Scalars.Of(false)).to(Type);

    /// <summary>Rows of another tensor of the batch, shape (rows, …): a copy, uncounted ones filled.</summary>
    internal Tensor Read(Tensor tokens, double otherwise)
    {
        var flat = tokens.detach().reshape(-1, tokens.dim() == 2 ? 1 : tokens.shape[^1]);
        var rows = _rows.Index is { } index ? PackedRows.Gather(flat, index) : flat;
        rows = rows.to(Type, copy: true);
        return _rows.Excluded is { } excluded ? rows.masked_fill_(excluded.unsqueeze(1), Scalars.Of(otherwise)) : rows;
    }

    /// <summary>M, s² and other numbers of these rows for those of all processes, in the order of the step's rows, and how many rows the processes before this one have.</summary>
    /// <param name="group">The processes; null for one.</param>
    /// <param name="others">Numbers of these rows, each of shape (rows, …).</param>
    internal (Tensor[] All, long Before) OfAll(IProcessGroup? group, params Tensor[] others)
    {
        Tensor[] own = [Means, Variances, .. others];
        if (group is null)
        {
            return (own, 0);
        }

        var (all, before) = GroupTensors.Gather(group, cat(own, 1));
        var from = 0L;
        var parts = new Tensor[own.Length];
        for (var i = 0; i < own.Length; i++)
        {
            parts[i] = all.narrow(1, from, own[i].shape[1]).contiguous();
            from += own[i].shape[1];
        }

        return (parts, before);
    }

    /// <summary>These rows of the numbers of all processes: a copy where there are several.</summary>
    internal Tensor Own(Tensor all, long before) => all.shape[0] == _rows.Count ? all : all.narrow(0, before, _rows.Count).clone();

    /// <summary>Adds the gradients of x, μ and σ.</summary>
    /// <param name="parts">Where they are added.</param>
    /// <param name="ofMeans">With respect to M, shape (rows, features).</param>
    /// <param name="ofVariances">With respect to s², the same shape; overwritten.</param>
    internal void AddGradients(List<KnownGradient.Part> parts, Tensor ofMeans, Tensor ofVariances)
    {
        AddGradient(parts, _clean, ofMeans);
        AddGradient(parts, _means, ofMeans);
        if (_stds.requires_grad)
        {
            AddGradient(parts, _stds, ofVariances.mul_(_deviations).mul_(Scalars.Of(2.0 / _repeats)));
        }
    }

    /// <summary>Adds the gradient of one input.</summary>
    internal void AddGradient(List<KnownGradient.Part> parts, Tensor input, Tensor gradient)
    {
        if (input.requires_grad)
        {
            parts.Add(new KnownGradient.Part(input, gradient.alias().DetachFromDisposeScope(), 1, _rows.Index));
        }
    }
}
