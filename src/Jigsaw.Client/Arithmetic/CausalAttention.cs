using System.Buffers;
using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace Jigsaw.Client.Arithmetic;

/// <summary>Attention of new tokens over those before them and themselves, in one head: softmax(q·kᵀ/√d)·v.</summary>
internal static class CausalAttention
{
    /// <summary>Attends.</summary>
    /// <param name="query">Of the new token.</param>
    /// <param name="keys">Of the tokens that it sees, one after another, each as long as the query.</param>
    /// <param name="values">Of the same tokens.</param>
    /// <param name="attended">As long as the query; overwritten.</param>
    public static void Attend(ReadOnlySpan<float> query, ReadOnlySpan<float> keys, ReadOnlySpan<float> values, Span<float> attended)
    {
        var seen = keys.Length / query.Length;
        var rented = ArrayPool<float>.Shared.Rent(seen + query.Length);
        var weights = rented.AsSpan(0, seen);
        var scaled = rented.AsSpan(seen, query.Length);
        TensorPrimitives.Multiply(query, 1 / MathF.Sqrt(query.Length), scaled);
        Dot(scaled, keys, weights);
        TensorPrimitives.Subtract(weights, TensorPrimitives.Max<float>(weights), weights);
        TensorPrimitives.Exp(weights, weights);
        TensorPrimitives.Divide(weights, TensorPrimitives.Sum<float>(weights), weights);
        attended.Clear();
        AddWeighted(weights, values, attended);
        rented.AsSpan(0, seen + query.Length).Clear();
        ArrayPool<float>.Shared.Return(rented);
    }

    /// <summary>The products of a query and each of the keys. Four at once, and each the same as it would be alone.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Dot(ReadOnlySpan<float> query, ReadOnlySpan<float> keys, Span<float> dots)
    {
        var size = query.Length;
        var whole = size - (size % Vector<float>.Count);
        ref var q = ref MemoryMarshal.GetReference(query);
        var key = 0;
        for (; key <= dots.Length - 4; key += 4)
        {
            ref var k0 = ref MemoryMarshal.GetReference(keys.Slice(key * size, 4 * size));
            ref var k1 = ref Unsafe.Add(ref k0, size);
            ref var k2 = ref Unsafe.Add(ref k1, size);
            ref var k3 = ref Unsafe.Add(ref k2, size);
            var (s0, s1, s2, s3) = (Vector<float>.Zero, Vector<float>.Zero, Vector<float>.Zero, Vector<float>.Zero);
            for (nuint i = 0; i < (nuint)whole; i += (nuint)Vector<float>.Count)
            {
                FetchAhead(ref k0, (nuint)(8 * size) + (4 * i));
                var part = Vector.LoadUnsafe(ref q, i);
                s0 = Vector.FusedMultiplyAdd(part, Vector.LoadUnsafe(ref k0, i), s0);
                s1 = Vector.FusedMultiplyAdd(part, Vector.LoadUnsafe(ref k1, i), s1);
                s2 = Vector.FusedMultiplyAdd(part, Vector.LoadUnsafe(ref k2, i), s2);
                s3 = Vector.FusedMultiplyAdd(part, Vector.LoadUnsafe(ref k3, i), s3);
            }

            dots[key] = Vector.Sum(s0);
            dots[key + 1] = Vector.Sum(s1);
            dots[key + 2] = Vector.Sum(s2);
            dots[key + 3] = Vector.Sum(s3);
        }

        for (; key < dots.Length; key++)
        {
            ref var k = ref MemoryMarshal.GetReference(keys.Slice(key * size, size));
            var s = Vector<float>.Zero;
            for (nuint i = 0; i < (nuint)whole; i += (nuint)Vector<float>.Count)
            {
                s = Vector.FusedMultiplyAdd(Vector.LoadUnsafe(ref q, i), Vector.LoadUnsafe(ref k, i), s);
            }

            dots[key] = Vector.Sum(s);
        }

        for (key = 0; whole < size && key < dots.Length; key++)
        {
            for (var i = whole; i < size; i++)
            {
                dots[key] += query[i] * keys[(key * size) + i];
            }
        }
    }

    // What is read four rows at a time looks to the processor like four streams that jump, and it fetches none of them ahead.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static unsafe void FetchAhead(ref float row, nuint offset)
    {
        if (Sse.IsSupported)
        {
            var at = (byte*)Unsafe.AsPointer(ref Unsafe.Add(ref row, offset));
            Sse.Prefetch0(at);
            Sse.Prefetch0(at + 64);
        }
    }

    /// <summary>Adds the values times their weights, in their order.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddWeighted(ReadOnlySpan<float> weights, ReadOnlySpan<float> values, Span<float> sum)
    {
        var size = sum.Length;
        ref var to = ref MemoryMarshal.GetReference(sum);
        var value = 0;
        for (; value <= weights.Length - 4; value += 4)
        {
            ref var v0 = ref MemoryMarshal.GetReference(values.Slice(value * size, 4 * size));
            ref var v1 = ref Unsafe.Add(ref v0, size);
            ref var v2 = ref Unsafe.Add(ref v1, size);
            ref var v3 = ref Unsafe.Add(ref v2, size);
            var (w0, w1, w2, w3) = (weights[value], weights[value + 1], weights[value + 2], weights[value + 3]);
            var (all0, all1, all2, all3) = (new Vector<float>(w0), new Vector<float>(w1), new Vector<float>(w2), new Vector<float>(w3));
            nuint i = 0;
            for (; i + (nuint)Vector<float>.Count <= (nuint)size; i += (nuint)Vector<float>.Count)
            {
                FetchAhead(ref v0, (nuint)(8 * size) + (4 * i));
                var part = Vector.FusedMultiplyAdd(all0, Vector.LoadUnsafe(ref v0, i), Vector.LoadUnsafe(ref to, i));
                part = Vector.FusedMultiplyAdd(all1, Vector.LoadUnsafe(ref v1, i), part);
                part = Vector.FusedMultiplyAdd(all2, Vector.LoadUnsafe(ref v2, i), part);
                part = Vector.FusedMultiplyAdd(all3, Vector.LoadUnsafe(ref v3, i), part);
                part.StoreUnsafe(ref to, i);
            }

            for (; i < (nuint)size; i++)
            {
                var part = float.FusedMultiplyAdd(w0, Unsafe.Add(ref v0, i), Unsafe.Add(ref to, i));
                part = float.FusedMultiplyAdd(w1, Unsafe.Add(ref v1, i), part);
                part = float.FusedMultiplyAdd(w2, Unsafe.Add(ref v2, i), part);
                Unsafe.Add(ref to, i) = float.FusedMultiplyAdd(w3, Unsafe.Add(ref v3, i), part);
            }
        }

        for (; value < weights.Length; value++)
        {
            TensorPrimitives.FusedMultiplyAdd(values.Slice(value * size, size), weights[value], sum, sum);
        }
    }
}
