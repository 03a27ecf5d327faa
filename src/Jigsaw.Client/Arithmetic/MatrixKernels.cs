using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Jigsaw.Client.Arithmetic;

/// <summary>The innermost loops of a product: their sums stay in registers, 24 of the 32 that AVX-512 has, or 12 of AVX2's 16.</summary>
internal static class MatrixKernels
{
    /// <summary>Outputs that lie beside each other in a panel.</summary>
    public const int PanelWidth = 64;

    /// <summary>Rows that a kernel takes at once.</summary>
    public const int GroupRows = 6;

    /// <summary>Adds a group of rows times a block of a panel to y.</summary>
    /// <param name="group">For each of the block's inputs the numbers of the rows.</param>
    /// <param name="block">For each of the inputs the weights of the panel's outputs.</param>
    /// <param name="y">Where the first row's sums are.</param>
    /// <param name="stride">From one row of y to the next.</param>
    /// <param name="depth">Inputs of the block.</param>
    public static unsafe void MultiplyGroup(float* group, float* block, float* y, int stride, int depth)
    {
        if (Vector512.IsHardwareAccelerated)
        {
            MultiplyGroup512(group, block, y, stride, depth);
            return;
        }

        for (var part = 0; part < PanelWidth; part += 16)
        {
            MultiplyGroup256(group, block + part, y + part, stride, depth);
        }
    }

    /// <summary>Adds one row times a block of a panel to y.</summary>
    /// <param name="row">The row's numbers.</param>
    /// <param name="block">For each of the inputs the weights of the panel's outputs.</param>
    /// <param name="y">Where the sums are.</param>
    /// <param name="depth">Inputs of the block.</param>
    public static unsafe void MultiplyRow(float* row, float* block, float* y, int depth)
    {
        if (Vector512.IsHardwareAccelerated)
        {
            MultiplyRow512(row, block, y, depth);
            return;
        }

        MultiplyRow256(row, block, y, depth);
    }

    // All of a panel at once, though only eight sums: a part of it would leave holes between the cache lines that are read, and memory is what a row waits for.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static unsafe void MultiplyRow256(float* row, float* block, float* y, int depth)
    {
        var (s0, s1, s2, s3) = (Vector256.Load(y), Vector256.Load(y + 8), Vector256.Load(y + 16), Vector256.Load(y + 24));
        var (s4, s5, s6, s7) = (Vector256.Load(y + 32), Vector256.Load(y + 40), Vector256.Load(y + 48), Vector256.Load(y + 56));
        for (; depth > 0; depth--, row++, block += PanelWidth)
        {
            var a = Vector256.Create(*row);
            s0 = Vector256.FusedMultiplyAdd(a, Vector256.Load(block), s0);
            s1 = Vector256.FusedMultiplyAdd(a, Vector256.Load(block + 8), s1);
            s2 = Vector256.FusedMultiplyAdd(a, Vector256.Load(block + 16), s2);
            s3 = Vector256.FusedMultiplyAdd(a, Vector256.Load(block + 24), s3);
            s4 = Vector256.FusedMultiplyAdd(a, Vector256.Load(block + 32), s4);
            s5 = Vector256.FusedMultiplyAdd(a, Vector256.Load(block + 40), s5);
            s6 = Vector256.FusedMultiplyAdd(a, Vector256.Load(block + 48), s6);
            s7 = Vector256.FusedMultiplyAdd(a, Vector256.Load(block + 56), s7);
        }

        s0.Store(y);
        s1.Store(y + 8);
        s2.Store(y + 16);
        s3.Store(y + 24);
        s4.Store(y + 32);
        s5.Store(y + 40);
        s6.Store(y + 48);
        s7.Store(y + 56);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static unsafe void MultiplyRow512(float* row, float* block, float* y, int depth)
    {
        var (s0, s1, s2, s3) = (Vector512.Load(y), Vector512.Load(y + 16), Vector512.Load(y + 32), Vector512.Load(y + 48));
        for (; depth > 0; depth--, row++, block += PanelWidth)
        {
            var a = Vector512.Create(*row);
            s0 = Vector512.FusedMultiplyAdd(a, Vector512.Load(block), s0);
            s1 = Vector512.FusedMultiplyAdd(a, Vector512.Load(block + 16), s1);
            s2 = Vector512.FusedMultiplyAdd(a, Vector512.Load(block + 32), s2);
            s3 = Vector512.FusedMultiplyAdd(a, Vector512.Load(block + 48), s3);
        }

        s0.Store(y);
        s1.Store(y + 16);
        s2.Store(y + 32);
        s3.Store(y + 48);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static unsafe void MultiplyGroup512(float* group, float* block, float* y, int stride, int depth)
    {
        var row0 = y;
        var row1 = y + ((long)1 * stride);
        var row2 = y + ((long)2 * stride);
        var row3 = y + ((long)3 * stride);
        var row4 = y + ((long)4 * stride);
        var row5 = y + ((long)5 * stride);
        var (s00, s01, s02, s03) = (Vector512.Load(row0), Vector512.Load(row0 + 16), Vector512.Load(row0 + 32), Vector512.Load(row0 + 48));
        var (s10, s11, s12, s13) = (Vector512.Load(row1), Vector512.Load(row1 + 16), Vector512.Load(row1 + 32), Vector512.Load(row1 + 48));
        var (s20, s21, s22, s23) = (Vector512.Load(row2), Vector512.Load(row2 + 16), Vector512.Load(row2 + 32), Vector512.Load(row2 + 48));
        var (s30, s31, s32, s33) = (Vector512.Load(row3), Vector512.Load(row3 + 16), Vector512.Load(row3 + 32), Vector512.Load(row3 + 48));
        var (s40, s41, s42, s43) = (Vector512.Load(row4), Vector512.Load(row4 + 16), Vector512.Load(row4 + 32), Vector512.Load(row4 + 48));
        var (s50, s51, s52, s53) = (Vector512.Load(row5), Vector512.Load(row5 + 16), Vector512.Load(row5 + 32), Vector512.Load(row5 + 48));
        for (; depth > 0; depth--, group += GroupRows, block += PanelWidth)
        {
            var (b0, b1, b2, b3) = (Vector512.Load(block), Vector512.Load(block + 16), Vector512.Load(block + 32), Vector512.Load(block + 48));
            var a0 = Vector512.Create(group[0]);
            s00 = Vector512.FusedMultiplyAdd(a0, b0, s00);
            s01 = Vector512.FusedMultiplyAdd(a0, b1, s01);
            s02 = Vector512.FusedMultiplyAdd(a0, b2, s02);
            s03 = Vector512.FusedMultiplyAdd(a0, b3, s03);
            var a1 = Vector512.Create(group[1]);
            s10 = Vector512.FusedMultiplyAdd(a1, b0, s10);
            s11 = Vector512.FusedMultiplyAdd(a1, b1, s11);
            s12 = Vector512.FusedMultiplyAdd(a1, b2, s12);
            s13 = Vector512.FusedMultiplyAdd(a1, b3, s13);
            var a2 = Vector512.Create(group[2]);
            s20 = Vector512.FusedMultiplyAdd(a2, b0, s20);
            s21 = Vector512.FusedMultiplyAdd(a2, b1, s21);
            s22 = Vector512.FusedMultiplyAdd(a2, b2, s22);
            s23 = Vector512.FusedMultiplyAdd(a2, b3, s23);
            var a3 = Vector512.Create(group[3]);
            s30 = Vector512.FusedMultiplyAdd(a3, b0, s30);
            s31 = Vector512.FusedMultiplyAdd(a3, b1, s31);
            s32 = Vector512.FusedMultiplyAdd(a3, b2, s32);
            s33 = Vector512.FusedMultiplyAdd(a3, b3, s33);
            var a4 = Vector512.Create(group[4]);
            s40 = Vector512.FusedMultiplyAdd(a4, b0, s40);
            s41 = Vector512.FusedMultiplyAdd(a4, b1, s41);
            s42 = Vector512.FusedMultiplyAdd(a4, b2, s42);
            s43 = Vector512.FusedMultiplyAdd(a4, b3, s43);
            var a5 = Vector512.Create(group[5]);
            s50 = Vector512.FusedMultiplyAdd(a5, b0, s50);
            s51 = Vector512.FusedMultiplyAdd(a5, b1, s51);
            s52 = Vector512.FusedMultiplyAdd(a5, b2, s52);
            s53 = Vector512.FusedMultiplyAdd(a5, b3, s53);
        }

        s00.Store(row0);
        s01.Store(row0 + 16);
        s02.Store(row0 + 32);
        s03.Store(row0 + 48);
        s10.Store(row1);
        s11.Store(row1 + 16);
        s12.Store(row1 + 32);
        s13.Store(row1 + 48);
        s20.Store(row2);
        s21.Store(row2 + 16);
        s22.Store(row2 + 32);
        s23.Store(row2 + 48);
        s30.Store(row3);
        s31.Store(row3 + 16);
        s32.Store(row3 + 32);
        s33.Store(row3 + 48);
        s40.Store(row4);
        s41.Store(row4 + 16);
        s42.Store(row4 + 32);
        s43.Store(row4 + 48);
        s50.Store(row5);
        s51.Store(row5 + 16);
        s52.Store(row5 + 32);
        s53.Store(row5 + 48);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static unsafe void MultiplyGroup256(float* group, float* block, float* y, int stride, int depth)
    {
        var row0 = y;
        var row1 = y + ((long)1 * stride);
        var row2 = y + ((long)2 * stride);
        var row3 = y + ((long)3 * stride);
        var row4 = y + ((long)4 * stride);
        var row5 = y + ((long)5 * stride);
        var (s00, s01) = (Vector256.Load(row0), Vector256.Load(row0 + 8));
        var (s10, s11) = (Vector256.Load(row1), Vector256.Load(row1 + 8));
        var (s20, s21) = (Vector256.Load(row2), Vector256.Load(row2 + 8));
        var (s30, s31) = (Vector256.Load(row3), Vector256.Load(row3 + 8));
        var (s40, s41) = (Vector256.Load(row4), Vector256.Load(row4 + 8));
        var (s50, s51) = (Vector256.Load(row5), Vector256.Load(row5 + 8));
        for (; depth > 0; depth--, group += GroupRows, block += PanelWidth)
        {
            var (b0, b1) = (Vector256.Load(block), Vector256.Load(block + 8));
            var a0 = Vector256.Create(group[0]);
            s00 = Vector256.FusedMultiplyAdd(a0, b0, s00);
            s01 = Vector256.FusedMultiplyAdd(a0, b1, s01);
            var a1 = Vector256.Create(group[1]);
            s10 = Vector256.FusedMultiplyAdd(a1, b0, s10);
            s11 = Vector256.FusedMultiplyAdd(a1, b1, s11);
            var a2 = Vector256.Create(group[2]);
            s20 = Vector256.FusedMultiplyAdd(a2, b0, s20);
            s21 = Vector256.FusedMultiplyAdd(a2, b1, s21);
            var a3 = Vector256.Create(group[3]);
            s30 = Vector256.FusedMultiplyAdd(a3, b0, s30);
            s31 = Vector256.FusedMultiplyAdd(a3, b1, s31);
            var a4 = Vector256.Create(group[4]);
            s40 = Vector256.FusedMultiplyAdd(a4, b0, s40);
            s41 = Vector256.FusedMultiplyAdd(a4, b1, s41);
            var a5 = Vector256.Create(group[5]);
            s50 = Vector256.FusedMultiplyAdd(a5, b0, s50);
            s51 = Vector256.FusedMultiplyAdd(a5, b1, s51);
        }

        s00.Store(row0);
        s01.Store(row0 + 8);
        s10.Store(row1);
        s11.Store(row1 + 8);
        s20.Store(row2);
        s21.Store(row2 + 8);
        s30.Store(row3);
        s31.Store(row3 + 8);
        s40.Store(row4);
        s41.Store(row4 + 8);
        s50.Store(row5);
        s51.Store(row5 + 8);
    }
}
