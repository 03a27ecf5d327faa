using static TorchSharp.torch;

namespace Jigsaw.Batches;

/// <summary>
/// A boolean mask over the tokens of a batch, shape (batch, sequence), on the batch's device. Made on the host, it also carries the
/// index of its rows, shape (n) int64, and their number, so kernels can gather the tokens that count without asking the device.
/// Made from a tensor it has no index: kernels then keep every row and give weight 0 to those that don't count.
/// </summary>
public sealed class RowMask : IDisposable
{
    private readonly bool[]? _host;
    private IReadOnlyList<bool[]>? _inStep;
    private readonly bool _ownsValue;
    private readonly List<(RowMask Other, bool Union, RowMask Result)> _combined = [];

    private RowMask(Tensor value, Tensor? rows, bool[]? host, int? count, bool ownsValue)
    {
        Value = value;
        _ownsValue = ownsValue;
        Rows = rows;
        _host = host;
        Count = count;
    }

    /// <summary>The mask, shape (batch, sequence), bool.</summary>
    public Tensor Value { get; }

    /// <summary>Indices of the tokens that count among the batch·sequence rows, ascending, shape (n) int64; null if the mask was not made on the host.</summary>
    public Tensor? Rows { get; }

    /// <summary>How many tokens count; null if the mask was not made on the host.</summary>
    public int? Count { get; }

    /// <summary>True if there are <see cref="Rows"/> and a <see cref="Count"/>.</summary>
    public bool IsPacked => Rows is not null;

    /// <summary>The mask on the host in row-major order; empty if it was not made on the host.</summary>
    public ReadOnlySpan<bool> Host => _host;

    /// <summary>The mask of the step's rows before those that this process has, in row-major order; empty if it has the first or all.</summary>
    internal ReadOnlySpan<bool> Before => Step is { Rows: > 0 } ? _inStep![1] : [];

    /// <summary>The device of the mask.</summary>
    public Device Device => Value.device;

    /// <summary>The parts of the step that the mask's batch is one of; null if it is the whole step.</summary>
    internal MicroBatches? Step { get; private init; }

    /// <summary>How many tokens count in the whole step; null if the mask was not made on the host.</summary>
    internal int? CountInStep => _inStep is null ? Count : _inStep.Sum(values => values.Count(value => value));

    /// <summary>Makes the mask of the rows that a process has of a step.</summary>
    /// <param name="step">The step's parts.</param>
    /// <param name="rows">Which rows; none gives one row that counts nothing, so that the process can do what the others do.</param>
    internal RowMask OfProcess(MicroBatches step, ProcessRows rows)
    {
        var (host, sequence) = (RequireHost(), (int)Value.shape[1]);
        bool[] own = rows.Count == 0 ? new bool[sequence] : [.. host.Skip(rows.First * sequence).Take(rows.Count * sequence)];
        bool[][] all = [own, [.. host.Take(rows.First * sequence)], [.. host.Skip((rows.First + rows.Count) * sequence)]];
        return FromHost(own, own.Length / sequence, sequence, Device, step, all);
    }

    /// <summary>Makes the masks of the micro-batches that this one's rows are divided into. Where it is a part of a step already, they are, too.</summary>
    /// <param name="step">The step's parts.</param>
    /// <param name="starts">The first row of each.</param>
    /// <param name="rows">Rows of each but the last.</param>
    internal RowMask[] Split(MicroBatches step, int[] starts, int rows)
    {
        var (host, sequence) = (RequireHost(), (int)Value.shape[1]);
        bool[][] parts = [.. starts.Select(start => host.Skip(start * sequence).Take(rows * sequence).ToArray())];
        bool[][] all = [.. parts, .. _inStep?.Skip(1) ?? []];
        return [.. parts.Select(part => FromHost(part, part.Length / sequence, sequence, Device, step, all))];
    }

    private bool[] RequireHost() => _host
        ?? throw new InvalidOperationException("A step in parts counts tokens on the host, but a mask of its batch was made from a tensor; make it by RowMask.FromHost, or leave micro-batches and several processes out.");

    /// <summary>Makes a mask from host values and uploads it once, with the index of its rows.</summary>
    /// <param name="values">The mask in row-major order, batch·sequence values.</param>
    /// <param name="batch">Number of sequences.</param>
    /// <param name="sequence">Tokens per sequence, padding included.</param>
    /// <param name="device">Where the mask goes.</param>
    /// <exception cref="ArgumentException">The number of values is not batch·sequence.</exception>
    public static RowMask FromHost(ReadOnlySpan<bool> values, int batch, int sequence, Device device) => FromHost(values, batch, sequence, device, null, null);

    private static RowMask FromHost(ReadOnlySpan<bool> values, int batch, int sequence, Device device, MicroBatches? step, IReadOnlyList<bool[]>? inStep)
    {
        if (values.Length != batch * sequence)
        {
            throw new ArgumentException($"A mask of ({batch}, {sequence}) needs {batch * sequence} values, not {values.Length}.", nameof(values));
        }

        var host = values.ToArray();
        var rows = new List<long>(host.Length);
        for (var row = 0; row < host.Length; row++)
        {
            if (host[row])
            {
                rows.Add(row);
            }
        }

        var value = Upload(tensor(host, dtype: ScalarType.Bool).reshape(batch, sequence), device);
        var index = Upload(tensor(rows.ToArray(), dtype: ScalarType.Int64), device);
        return new RowMask(value, index, host, rows.Count, ownsValue: true) { Step = step, _inStep = inStep };
    }

    /// <summary>Wraps a mask that is already on a device. It has no row index.</summary>
    /// <param name="value">Shape (batch, sequence), bool. Not copied; it stays the caller's, and is not freed with the mask.</param>
    /// <exception cref="ArgumentException">The tensor is not a two-dimensional boolean tensor.</exception>
    public static RowMask FromTensor(Tensor value)
    {
        ArgumentNullException.ThrowIfNull(value);
        if (value.dtype != ScalarType.Bool || value.dim() != 2)
        {
            throw new ArgumentException($"A mask is a bool tensor of shape (batch, sequence), not {value.dtype} of shape ({string.Join(", ", value.shape)}).", nameof(value));
        }

        return new RowMask(value, null, null, null, ownsValue: false);
    }

    /// <summary>Tokens that count in both masks.</summary>
    public static RowMask operator &(RowMask left, RowMask right) => left.BitwiseAnd(right);

    /// <summary>Tokens that count in either mask.</summary>
    public static RowMask operator |(RowMask left, RowMask right) => left.BitwiseOr(right);

    /// <summary>Tokens that count in both masks.</summary>
    public RowMask BitwiseAnd(RowMask other) => Combine(other, union: false);

    /// <summary>Tokens that count in either mask.</summary>
    public RowMask BitwiseOr(RowMask other) => Combine(other, union: true);

    /// <summary>Frees the mask and its row index, but not a tensor that it was made from.</summary>
    public void Dispose()
    {
        _combined.ForEach(known => known.Result.Dispose());
        _combined.Clear();
        if (_ownsValue)
        {
            Value.Dispose();
        }

        Rows?.Dispose();
    }

    private RowMask Combine(RowMask other, bool union)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (ReferenceEquals(this, other))
        {
            return this;
        }

        if (!Value.shape.AsSpan().SequenceEqual(other.Value.shape))
        {
            throw new ArgumentException($"Masks of shapes ({string.Join(", ", Value.shape)}) and ({string.Join(", ", other.Value.shape)}) differ; combine masks of one batch.", nameof(other));
        }

        if (_host is null || other._host is null)
        {
            return new RowMask(union ? Value | other.Value : Value & other.Value, null, null, null, ownsValue: true);
        }

        foreach (var known in _combined)
        {
            if (known.Union == union && ReferenceEquals(known.Other, other))
            {
                return known.Result;
            }
        }

        // Combinations that are still in use stay alive: one loss may use several of one mask.
        foreach (var known in _combined.Where(known => known.Other.Value.IsInvalid))
        {
            known.Result.Dispose();
        }

        _combined.RemoveAll(known => known.Other.Value.IsInvalid);
        var inStep = _inStep is { } own && other._inStep is { } others ? own.Zip(others, (left, right) => Combined(left, right, union)).ToArray() : null;
        var result = FromHost(Combined(_host, other._host, union), (int)Value.shape[0], (int)Value.shape[1], Value.device, Step, inStep);
        _combined.Add((other, union, result));
        return result;
    }

    private static bool[] Combined(bool[] left, bool[] right, bool union) => [.. left.Zip(right, (one, other) => union ? one | other : one & other)];

    private static Tensor Upload(Tensor host, Device device)
    {
        using (host)
        {
            return DeviceCopy.Of(host, device).DetachFromDisposeScope();
        }
    }
}
