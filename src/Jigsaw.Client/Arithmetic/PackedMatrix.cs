using System.Buffers;

namespace Jigsaw.Client.Arithmetic;

/// <summary>
/// A linear layer: y = x·Wᵀ + b in float32. W is kept once, in panels of <see cref="MatrixKernels.PanelWidth"/> outputs whose inputs follow each other, as the kernels read it.
/// </summary>
internal sealed class PackedMatrix
{
    // A block of a panel fits the second-level cache together with the rows that pass by it.
    private const int BlockDepth = 512;

    private readonly float[] _panels;
    private readonly float[] _bias;

    /// <summary>Packs a matrix.</summary>
    /// <param name="outputs">Rows of W.</param>
    /// <param name="inputs">Columns of W.</param>
    /// <param name="readRow">Copies a row of W into a span of <paramref name="inputs"/> numbers; called once for each row, in order.</param>
    /// <param name="bias">b, <paramref name="outputs"/> numbers.</param>
    public PackedMatrix(int outputs, int inputs, Action<int, Span<float>> readRow, ReadOnlySpan<float> bias)
    {
        (Outputs, Inputs) = (outputs, inputs);
        var panels = Panels(outputs);
        _panels = GC.AllocateUninitializedArray<float>(checked(panels * inputs * MatrixKernels.PanelWidth), pinned: true);
        _bias = new float[panels * MatrixKernels.PanelWidth];
        bias.CopyTo(_bias);
        var row = new float[inputs];
        for (var output = 0; output < panels * MatrixKernels.PanelWidth; output++)
        {
            if (output < outputs)
            {
                readRow(output, row);
            }
            else
            {
                Array.Clear(row);
            }

            var at = (output / MatrixKernels.PanelWidth * inputs * MatrixKernels.PanelWidth) + (output % MatrixKernels.PanelWidth);
            for (var input = 0; input < inputs; input++, at += MatrixKernels.PanelWidth)
            {
                _panels[at] = row[input];
            }
        }
    }

    /// <summary>Rows of W.</summary>
    public int Outputs { get; }

    /// <summary>Columns of W.</summary>
    public int Inputs { get; }

    /// <summary>Numbers of W.</summary>
    public long Size => (long)Outputs * Inputs;

    /// <summary>y = x·Wᵀ + b.</summary>
    /// <param name="team">Who computes it.</param>
    /// <param name="x">Row-major, rows · <see cref="Inputs"/> numbers.</param>
    /// <param name="y">Row-major, rows · <see cref="Outputs"/> numbers; overwritten.</param>
    /// <param name="rows">How many rows.</param>
    public unsafe void Multiply(CoreTeam team, ReadOnlySpan<float> x, Span<float> y, int rows)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(x.Length, rows * Inputs);
        ArgumentOutOfRangeException.ThrowIfNotEqual(y.Length, rows * Outputs);
        if (rows == 0)
        {
            return;
        }

        var groups = rows / MatrixKernels.GroupRows;
        var packed = ArrayPool<float>.Shared.Rent(Math.Max(1, groups * MatrixKernels.GroupRows * Inputs));
        fixed (float* from = x, to = y, inGroups = packed, panels = _panels, bias = _bias)
        {
            var work = new Work(from, inGroups, panels, bias, to, rows, Inputs, Outputs);
            team.For(groups, work.Pack);
            var parts = RowParts(rows);
            team.For(Panels(Outputs) * parts, task => work.Run(task / parts, task % parts, parts));
        }

        packed.AsSpan(0, groups * MatrixKernels.GroupRows * Inputs).Clear();
        ArrayPool<float>.Shared.Return(packed);
    }

    private static int Panels(int outputs) => (outputs + MatrixKernels.PanelWidth - 1) / MatrixKernels.PanelWidth;

    private static int RowParts(int rows) => rows < 16 * MatrixKernels.GroupRows ? 1 : 2;

    /// <summary>One product, by panel and part of the rows.</summary>
    private readonly unsafe struct Work(float* x, float* groups, float* panels, float* bias, float* y, int rows, int inputs, int outputs)
    {
        /// <summary>Puts the numbers of a group's rows that meet the same inputs beside each other.</summary>
        public void Pack(int group)
        {
            var to = groups + ((long)group * MatrixKernels.GroupRows * inputs);
            for (var row = 0; row < MatrixKernels.GroupRows; row++)
            {
                var from = x + ((((long)group * MatrixKernels.GroupRows) + row) * inputs);
                for (var input = 0; input < inputs; input++)
                {
                    to[(input * MatrixKernels.GroupRows) + row] = from[input];
                }
            }
        }

        public void Run(int panel, int part, int parts)
        {
            var first = panel * MatrixKernels.PanelWidth;
            var width = Math.Min(MatrixKernels.PanelWidth, outputs - first);
            var weights = panels + ((long)panel * inputs * MatrixKernels.PanelWidth);
            var groupCount = rows / MatrixKernels.GroupRows;
            var (from, to) = (groupCount * part / parts, groupCount * (part + 1) / parts);
            var tile = stackalloc float[MatrixKernels.GroupRows * MatrixKernels.PanelWidth];
            for (var depth = 0; depth < inputs; depth += BlockDepth)
            {
                var count = Math.Min(BlockDepth, inputs - depth);
                var block = weights + ((long)depth * MatrixKernels.PanelWidth);
                for (var group = from; group < to; group++)
                {
                    var row = group * MatrixKernels.GroupRows;
                    var at = Begin(row, MatrixKernels.GroupRows, first, width, depth, tile, out var stride);
                    MatrixKernels.MultiplyGroup(groups + ((((long)group * inputs) + depth) * MatrixKernels.GroupRows), block, at, stride, count);
                    End(row, MatrixKernels.GroupRows, first, width, tile);
                }

                for (var row = groupCount * MatrixKernels.GroupRows; part == parts - 1 && row < rows; row++)
                {
                    var at = Begin(row, 1, first, width, depth, tile, out _);
                    MatrixKernels.MultiplyRow(x + ((long)row * inputs) + depth, block, at, count);
                    End(row, 1, first, width, tile);
                }
            }
        }

        /// <summary>Where a kernel adds up: y itself, or the tile where the panel is wider than what is left of y. It holds the sum so far, b at first.</summary>
        private float* Begin(int row, int count, int first, int width, int depth, float* tile, out int stride)
        {
            var target = y + ((long)row * outputs) + first;
            stride = outputs;
            for (var i = 0; i < count; i++)
            {
                var source = depth == 0 ? bias + first : target + ((long)i * outputs);
                var destination = width < MatrixKernels.PanelWidth ? tile + (i * MatrixKernels.PanelWidth) : target + ((long)i * outputs);
                if (source != destination)
                {
                    new ReadOnlySpan<float>(source, width).CopyTo(new Span<float>(destination, width));
                }
            }

            if (width == MatrixKernels.PanelWidth)
            {
                return target;
            }

            stride = MatrixKernels.PanelWidth;
            return tile;
        }

        private void End(int row, int count, int first, int width, float* tile)
        {
            for (var i = 0; i < count && width < MatrixKernels.PanelWidth; i++)
            {
                new ReadOnlySpan<float>(tile + (i * MatrixKernels.PanelWidth), width).CopyTo(new Span<float>(y + ((long)(row + i) * outputs) + first, width));
            }
        }
    }
}
