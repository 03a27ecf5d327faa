using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Jigsaw.Tensors;
using static TorchSharp.torch;

namespace Jigsaw.Losses.Filtering;

/// <summary>
/// Propagates a chunk's gradient with respect to the logits back to the hidden states, using only the columns with the most mass. In a trained model most of
/// that gradient is close to zero: a few of every hundred columns hold nearly all of its absolute sum. The others, D, are replaced with a rank-one estimate of
/// the positive part and one of the negative part, (row sums of D) · (column sums of D) / (sum of D), which preserves the sum of each row and each column.
/// The estimates' vectors of all chunks go through the head together. Choosing columns reads their sums on the host, so the filter is for the CPU.
/// </summary>
/// <param name="table">The head, shape (vocabulary, hidden), in the type of the products.</param>
/// <param name="workspaces">Its buffers, which stay the caller's.</param>
internal sealed class ColumnFilter(Tensor table, FilterWorkspaces workspaces) : IDisposable
{
    // If more columns than this are needed, gathering them costs as much as it saves.
    private const double MostColumns = 0.7;
    private const long GatheredBytes = 16L << 20;
    private const int GatheredRows = 1024;
    private const int PendingVectors = 32;
    private const double Nothing = 1e-30;

    private readonly List<(Tensor Hidden, Tensor Coefficients)> _pending = [];
    private ScalarType _type;
    private Tensor? _sums;
    private Tensor? _magnitudes;
    private Tensor? _rowMagnitudes;

    /// <summary>Forgets the masses of the last chunk.</summary>
    /// <param name="rows">How many rows the next one has.</param>
    /// <param name="type">The type of its gradient.</param>
    public void Begin(int rows, ScalarType type)
    {
        _type = type;
        _sums = workspaces.Sums.Take(1, table.shape[0], type, table.device).zero_();
        _magnitudes = workspaces.Magnitudes.Take(1, table.shape[0], type, table.device).zero_();
        _rowMagnitudes = empty([rows, 1], dtype: type, device: table.device);
    }

    /// <summary>Adds up the masses of some rows while they are in the cache.</summary>
    /// <param name="gradient">With respect to the logits, not yet multiplied by the rows' scales: shape (rows, vocabulary); each row sums to 0.</param>
    /// <param name="scales">Shape (rows, 1); 0 where no term counts the row.</param>
    /// <param name="labels">Hard targets, shape (rows, 1): the only columns where a row may be negative; null if any may be.</param>
    /// <param name="from">The first row's place in the chunk.</param>
    public void Observe(Tensor gradient, Tensor scales, Tensor? labels, int from)
    {
        var weights = scales.t();
        var rows = _rowMagnitudes!.narrow(0, from, gradient.shape[0]);
        _sums!.addmm_(weights, gradient);
        if (labels is not null)
        {
            var below = gradient.gather(1, labels).mul_(Scalars.Of(-2));
            rows.copy_(below);
            _magnitudes!.scatter_add_(1, labels.t(), below.mul_(scales).t());
            return;
        }

        var absolute = workspaces.Block.Take(gradient.shape[0], gradient.shape[1], _type, table.device).copy_(gradient).abs_();
        rows.copy_(absolute.sum(1, keepdim: true));
        _magnitudes!.addmm_(weights, absolute);
    }

    /// <summary>Writes gradient · head, for now without the estimate, and overwrites the gradient, whose rows have been observed.</summary>
    /// <param name="gradient">With respect to the logits of the chunk, shape (rows, vocabulary), contiguous.</param>
    /// <param name="isHard">True if the targets are hard.</param>
    /// <param name="share">The share of the absolute sum that may be left to the estimate.</param>
    /// <param name="hidden">Where the product goes, shape (rows, hidden).</param>
    /// <returns>False, with nothing written, if too many columns are needed.</returns>
    public bool TryMultiply(Tensor gradient, bool isHard, double share, Tensor hidden)
    {
        using var scope = NewDisposeScope();
        var (sums, magnitudes, rowMagnitudes) = (_sums!, _magnitudes!, _rowMagnitudes!);
        if (isHard)
        {
            // Positive except at the labels, where twice their magnitude has been added.
            magnitudes.add_(sums, Scalars.One);
        }

        var most = Choose(magnitudes, share);
        FilterMeasurements.Record(most?.Length ?? table.shape[0], table.shape[0]);
        if (most is not { } chosen)
        {
            return false;
        }

        using var vectors = Vectors();
        using var columns = tensor(chosen);
        var rest = vectors.narrow(0, 2 * _pending.Count, 2);
        rest[0].copy_(magnitudes.view(-1)).add_(sums.view(-1), Scalars.One).mul_(Scalars.Of(0.5)).clamp_min_(Scalars.Of(0));
        rest[1].copy_(sums.view(-1)).sub_(magnitudes.view(-1)).mul_(Scalars.Of(0.5)).clamp_max_(Scalars.Of(0));
        rest.index_fill_(1, columns, Scalars.Of(0));
        var packed = Pack(gradient, chosen);

        // A row sums to 0, so the rest of it is minus what was kept.
        var left = packed.sum(1, keepdim: true).neg_();
        var leftMagnitudes = rowMagnitudes - packed.norm(1, keepdim: true, p: 1);
        var parts = cat([leftMagnitudes.Plus(left).clamp_min_(Scalars.Of(0)), (left - leftMagnitudes).clamp_max_(Scalars.Of(0))], 1);
        var totals = rest.sum(1, keepdim: true).t();
        var coefficients = parts.mul_(Scalars.Of(0.5)).div_(totals).masked_fill_(totals.abs().lt(Scalars.Of(Nothing)), Scalars.Of(0));
        Multiply(packed, chosen, hidden);
        _pending.Add((hidden.alias().DetachFromDisposeScope(), coefficients.to(table.dtype).DetachFromDisposeScope()));
        if (2 * _pending.Count == PendingVectors)
        {
            Finish();
        }

        return true;
    }

    /// <summary>Adds the estimates of the chunks that were multiplied.</summary>
    public void Finish()
    {
        if (_pending.Count == 0)
        {
            return;
        }

        using var scope = NewDisposeScope();
        var products = Vectors().narrow(0, 0, 2 * _pending.Count).to(table.dtype).mm(table);
        for (var i = 0; i < _pending.Count; i++)
        {
            var (hidden, coefficients) = _pending[i];
            hidden.addmm_(coefficients, products.narrow(0, 2 * i, 2));
        }

        Dispose();
    }

    /// <summary>Frees the remains of chunks whose estimates were never added, after an exception.</summary>
    public void Dispose()
    {
        foreach (var (hidden, coefficients) in _pending)
        {
            hidden.Dispose();
            coefficients.Dispose();
        }

        _pending.Clear();
    }

    /// <summary>The columns with the most mass, in order; null if there are too many, or a mass is not finite.</summary>
    private static long[]? Choose(Tensor magnitudes, double share)
    {
        using var single = magnitudes.to(ScalarType.Float32);
        var masses = MemoryMarshal.Cast<byte, uint>(single.bytes);
        // Non-negative numbers sort like their bits; seven bits of the mantissa are precise enough.
        var bins = new double[1 << 16];
        var total = 0.0;
        foreach (var mass in masses)
        {
            var value = BitConverter.UInt32BitsToSingle(mass);
            bins[mass >> 16] += value;
            total += value;
        }

        if (!double.IsFinite(total))
        {
            return null;
        }

        var bound = 0;
        for (var dropped = bins[0]; dropped <= share * total && bound < bins.Length - 1; dropped += bins[bound])
        {
            bound++;
        }

        var most = (int)(MostColumns * masses.Length);
        var chosen = new List<long>(most);
        for (var i = 0; i < masses.Length; i++)
        {
            if (masses[i] >> 16 >= bound)
            {
                if (chosen.Count == most)
                {
                    return null;
                }

                chosen.Add(i);
            }
        }

        return [.. chosen];
    }

    /// <summary>Moves the chosen columns to the beginning of each row.</summary>
    /// <returns>A view of them, shape (rows, chosen).</returns>
    private static unsafe Tensor Pack(Tensor gradient, long[] chosen)
    {
        var (rows, columns, wide) = ((int)gradient.shape[0], gradient.shape[1], gradient.dtype == ScalarType.Float64);
        var start = Start(gradient);
        Parallel.For(0, rows, row =>
        {
            if (wide)
            {
                Move((double*)start + (row * columns), chosen);
            }
            else
            {
                Move((float*)start + (row * columns), chosen);
            }
        });
        return gradient.narrow(1, 0, chosen.Length);
    }

    private static unsafe void Move<T>(T* row, long[] chosen)
        where T : unmanaged
    {
        for (var i = 0; i < chosen.Length; i++)
        {
            row[i] = row[chosen[i]];
        }
    }

    /// <summary>The product of chosen columns with their rows of the head.</summary>
    private void Multiply(Tensor packed, long[] chosen, Tensor hidden)
    {
        var features = table.shape[1];
        var most = (int)Math.Max(GatheredBytes / (features * table.ElementSize), 1);
        var narrow = table.dtype != packed.dtype;

        // In a narrow type a sum of several products would be rounded at each.
        var sum = narrow ? zeros(hidden.shape, dtype: packed.dtype, device: hidden.device) : hidden;
        for (var from = 0; from < chosen.Length; from += most)
        {
            using var slice = NewDisposeScope();
            var count = Math.Min(most, chosen.Length - from);
            var head = workspaces.Head.Take(count, features, table.dtype, table.device);
            Gather(head, chosen.AsMemory(from, count));
            var columns = packed.narrow(1, from, count);
            if (narrow)
            {
                sum.add_(columns.to(table.dtype).mm(head), Scalars.One);
            }
            else
            {
                sum.addmm_(columns, head, beta: from == 0 ? 0 : 1, alpha: 1);
            }
        }

        if (chosen.Length == 0)
        {
            hidden.zero_();
        }
        else if (narrow)
        {
            hidden.copy_(sum);
        }
    }

    private unsafe void Gather(Tensor head, ReadOnlyMemory<long> chosen)
    {
        var bytes = table.shape[1] * table.ElementSize;
        var from = (byte*)Start(table);
        var to = (byte*)Start(head);
        Parallel.For(0, (chosen.Length + GatheredRows - 1) / GatheredRows, block =>
        {
            var rows = chosen.Span;
            for (var i = block * GatheredRows; i < Math.Min((block + 1) * GatheredRows, rows.Length); i++)
            {
                Buffer.MemoryCopy(from + (rows[i] * bytes), to + (i * bytes), bytes, bytes);
            }
        });
    }

    // Of the first row only: a span can't hold more than two gigabytes.
    private static unsafe void* Start(Tensor tensor)
    {
        using var first = tensor.narrow(0, 0, 1);
        return Unsafe.AsPointer(ref MemoryMarshal.GetReference(first.bytes));
    }

    private Tensor Vectors() => workspaces.Vectors.Take(PendingVectors, table.shape[0], _type, table.device);
}
