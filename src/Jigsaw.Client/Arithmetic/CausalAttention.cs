using System.Buffers;
using System.Numerics.Tensors;

namespace Jigsaw.Client.Arithmetic;

/// <summary>Attention of new tokens over those before them and themselves: softmax(q·kᵀ/√d)·v in each head.</summary>
internal static class CausalAttention
{
    private const int RowsInParallel = 16;

    /// <summary>Attends.</summary>
    /// <param name="queries">Of the new tokens, one after another.</param>
    /// <param name="stride">From one token's query to the next.</param>
    /// <param name="keys">Of all tokens, <paramref name="features"/> numbers each.</param>
    /// <param name="values">Of all tokens, <paramref name="features"/> numbers each.</param>
    /// <param name="before">Tokens before the new ones.</param>
    /// <param name="attended">Of the new tokens, <paramref name="features"/> numbers each; overwritten.</param>
    /// <param name="rows">New tokens.</param>
    /// <param name="features">Features of a token.</param>
    /// <param name="heads">Heads, which divide the features.</param>
    public static void Attend(ReadOnlyMemory<float> queries, int stride, ReadOnlyMemory<float> keys, ReadOnlyMemory<float> values, int before, Memory<float> attended, int rows, int features, int heads)
    {
        if (rows < RowsInParallel || Environment.ProcessorCount == 1)
        {
            for (var row = 0; row < rows; row++)
            {
                AttendRow(row);
            }

            return;
        }

        // The last rows see most: they go first, so the cores end together.
        Parallel.For(0, rows, row => AttendRow(rows - 1 - row));

        void AttendRow(int row)
        {
            var size = features / heads;
            var seen = before + row + 1;
            var rented = ArrayPool<float>.Shared.Rent(seen + size);
            var weights = rented.AsSpan(0, seen);
            var query = rented.AsSpan(seen, size);
            for (var head = 0; head < heads; head++)
            {
                var first = head * size;
                TensorPrimitives.Multiply(queries.Span.Slice((row * stride) + first, size), 1 / MathF.Sqrt(size), query);
                for (var other = 0; other < seen; other++)
                {
                    weights[other] = TensorPrimitives.Dot(query, keys.Span.Slice((other * features) + first, size));
                }

                TensorPrimitives.Subtract(weights, TensorPrimitives.Max<float>(weights), weights);
                TensorPrimitives.Exp(weights, weights);
                TensorPrimitives.Divide(weights, TensorPrimitives.Sum<float>(weights), weights);
                var sum = attended.Span.Slice((row * features) + first, size);
                sum.Clear();
                for (var other = 0; other < seen; other++)
                {
                    TensorPrimitives.MultiplyAdd(values.Span.Slice((other * features) + first, size), weights[other], sum, sum);
                }
            }

            ArrayPool<float>.Shared.Return(rented, clearArray: true);
        }
    }
}
