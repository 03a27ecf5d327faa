using System.Buffers;
using System.Numerics.Tensors;
using Jigsaw.Checkpoints;
using Jigsaw.Client.Arithmetic;
using Jigsaw.Transforms;
using Jigsaw.Transforms.Noise;

namespace Jigsaw.Client.Embeddings;

/// <summary>μ and σ of a transform, computed in managed code: one causal pre-norm transformer block, and the heads of μ and ρ. Threads may share one.</summary>
internal sealed class TransformBlock
{
    private const int MostScratch = 1 << 26;

    private readonly TransformConfig _config;
    private readonly float _scale;
    private readonly (float[] Weight, float[] Bias) _norm1;
    private readonly (float[] Weight, float[] Bias) _norm2;
    private readonly PackedMatrix _qkv;
    private readonly PackedMatrix _out;
    private readonly PackedMatrix _up;
    private readonly PackedMatrix _down;
    private readonly PackedMatrix _mean;
    private readonly PackedMatrix _std;

    private TransformBlock(TensorReader file, int features, double scale, TransformConfig config)
    {
        (Features, _scale, _config) = (features, (float)scale, config);
        (_norm1, _norm2) = (Norm("block.norm1"), Norm("block.norm2"));
        (_qkv, _out) = (Linear("block.attention.qkv"), Linear("block.attention.out"));
        (_up, _down) = (Linear("block.feed_forward.up"), Linear("block.feed_forward.down"));
        (_mean, _std) = (Linear("mean"), Linear("std"));

        float[] Vector(string name)
        {
            var entry = file.Require(name);
            var numbers = new float[entry.ElementCount];
            byte[] buffer = [];
            file.Read(entry, 0, numbers, ref buffer);
            return numbers;
        }

        (float[] Weight, float[] Bias) Norm(string name) => (Vector($"{name}.weight"), Vector($"{name}.bias"));

        PackedMatrix Linear(string name)
        {
            var entry = file.Require($"{name}.weight");
            byte[] buffer = [];
            return new PackedMatrix((int)entry.Shape[0], (int)entry.Shape[1], (row, numbers) => file.Read(entry, row * entry.Shape[1], numbers, ref buffer), Vector($"{name}.bias"));
        }
    }

    /// <summary>Features of an embedding.</summary>
    public int Features { get; }

    /// <summary>Rows that <see cref="Run"/> takes at once within bounded memory.</summary>
    public int RowsAtOnce => Math.Max(1, MostScratch / ((6 * Features) + _up.Outputs));

    /// <summary>Reads a transform from the directory that it was saved to.</summary>
    /// <param name="directory">Where <c>sgt_config.json</c> and <c>sgt.safetensors</c> are.</param>
    /// <param name="stored">What <c>sgt_config.json</c> says.</param>
    /// <exception cref="CheckpointException">A file is missing or damaged.</exception>
    public static TransformBlock Read(string directory, out StoredTransform stored)
    {
        var path = Path.Combine(directory, StoredTransform.ConfigName);
        stored = StoredTransform.Read(path);
        var config = stored.ToConfig(path);
        using var file = TensorReader.Open(Path.Combine(directory, StoredTransform.WeightsName));
        TransformShapes.Check(file.Path, file.Entries, stored.Features, config);
        return new TransformBlock(file, (int)stored.Features, stored.Scale, config);
    }

    /// <summary>Computes μ and σ of the tokens behind those that the cache has.</summary>
    /// <param name="x">Their embeddings, rows · features numbers.</param>
    /// <param name="rows">How many tokens there are.</param>
    /// <param name="cache">Keys and values of the tokens before; those of the new ones are added.</param>
    /// <param name="means">μ, rows · features numbers; overwritten.</param>
    /// <param name="stds">σ, rows · features numbers; overwritten.</param>
    public void Run(ReadOnlySpan<float> x, int rows, AttentionCache cache, Span<float> means, Span<float> stds)
    {
        var inner = _up.Outputs;
        var size = rows * Features;
        var rented = ArrayPool<float>.Shared.Rent(Math.Max(1, (size * 6) + (rows * inner)));
        var used = rented.AsMemory(0, (size * 6) + (rows * inner));
        var (stream, normed, qkv, attended, wide) = (used[..size], used.Slice(size, size), used.Slice(2 * size, 3 * size), used.Slice(5 * size, size), used[(6 * size)..]);

        TensorPrimitives.Divide(x, _scale, stream.Span);
        LayerNorm(stream.Span, _norm1, normed.Span);
        _qkv.Multiply(normed.Span, qkv.Span, rows);
        var before = cache.Count;
        cache.Add(qkv.Span, rows);
        CausalAttention.Attend(qkv, 3 * Features, cache.Keys, cache.Values, before, attended, rows, Features, _config.Heads);
        _out.Multiply(attended.Span, normed.Span, rows);
        TensorPrimitives.Add(stream.Span, normed.Span, stream.Span);

        LayerNorm(stream.Span, _norm2, normed.Span);
        _up.Multiply(normed.Span, wide.Span, rows);
        RowFunctions.Gelu(wide.Span);
        _down.Multiply(wide.Span, normed.Span, rows);
        TensorPrimitives.Add(stream.Span, normed.Span, stream.Span);

        var told = rows * _mean.Outputs;
        _mean.Multiply(stream.Span, means[..told], rows);
        _std.Multiply(stream.Span, stds[..told], rows);
        ApplyMean(means[..told]);
        ApplyStd(stds[..told]);
        if (_mean.Outputs < Features)
        {
            AddRest(x, rows, means, stds);
        }

        used.Span.Clear();
        ArrayPool<float>.Shared.Return(rented);
    }

    /// <summary>Moves rows of the heads' features to where they belong, from the last on, and fills in those that tell nothing.</summary>
    private void AddRest(ReadOnlySpan<float> x, int rows, Span<float> means, Span<float> stds)
    {
        var rank = _mean.Outputs;
        var rest = (float)_config.RestStd * _scale;
        for (var row = rows - 1; row >= 0; row--)
        {
            var at = row * Features;
            means.Slice(row * rank, rank).CopyTo(means[at..]);
            stds.Slice(row * rank, rank).CopyTo(stds[at..]);
            var told = at + rank;
            TensorPrimitives.Negate(x[told..(at + Features)], means[told..(at + Features)]);
            stds[told..(at + Features)].Fill(rest);
        }
    }

    private void LayerNorm(ReadOnlySpan<float> x, (float[] Weight, float[] Bias) norm, Span<float> y)
    {
        for (var at = 0; at < x.Length; at += Features)
        {
            RowFunctions.LayerNorm(x.Slice(at, Features), norm.Weight, norm.Bias, y.Slice(at, Features));
        }
    }

    private void ApplyMean(Span<float> rho)
    {
        if (_config.Mean is BoundedMean bounded)
        {
            TensorPrimitives.Add(rho, (float)bounded.Shift, rho);
            TensorPrimitives.Divide(rho, (float)bounded.Bound, rho);
            TensorPrimitives.Tanh(rho, rho);
            TensorPrimitives.Multiply(rho, (float)bounded.Bound, rho);
        }

        TensorPrimitives.Multiply(rho, _scale, rho);
    }

    private void ApplyStd(Span<float> rho)
    {
        var (min, max) = ((float)_config.Std.Min, (float)_config.Std.Max);
        switch (_config.Std)
        {
            case TanhStd tanh:
                TensorPrimitives.Multiply(rho, (float)(2 / tanh.Shallow), rho);
                TensorPrimitives.Sigmoid(rho, rho);
                TensorPrimitives.Multiply(rho, (float)(tanh.Max - tanh.Min), rho);
                TensorPrimitives.Add(rho, min, rho);
                break;
            case DirectStd:
                TensorPrimitives.Clamp(rho, min, max, rho);
                break;
            default:
                throw new NotSupportedException($"There is no formula for {_config.Std.GetType().Name}.");
        }

        TensorPrimitives.Multiply(rho, _scale, rho);
    }
}
