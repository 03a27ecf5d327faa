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
    private const int RowsOfATask = 8;

    private readonly TransformConfig _config;
    private readonly float _scale;
    private readonly (float[] Weight, float[] Bias) _norm1;
    private readonly (float[] Weight, float[] Bias) _norm2;
    private readonly PackedMatrix _qkv;
    private readonly PackedMatrix _out;
    private readonly PackedMatrix _up;
    private readonly PackedMatrix _down;
    private readonly PackedMatrix _heads;
    private readonly int _told;

    private TransformBlock(TensorReader file, int features, double scale, TransformConfig config)
    {
        (Features, _scale, _config) = (features, (float)scale, config);
        (_norm1, _norm2) = (Norm("block.norm1"), Norm("block.norm2"));
        (_qkv, _out) = (Linear("block.attention.qkv"), Linear("block.attention.out"));
        (_up, _down) = (Linear("block.feed_forward.up"), Linear("block.feed_forward.down"));
        _heads = Linear("mean", "std");
        _told = _heads.Outputs / 2;

        float[] Vector(string name)
        {
            var entry = file.Require(name);
            var numbers = new float[entry.ElementCount];
            byte[] buffer = [];
            file.Read(entry, 0, numbers, ref buffer);
            return numbers;
        }

        (float[] Weight, float[] Bias) Norm(string name) => (Vector($"{name}.weight"), Vector($"{name}.bias"));

        PackedMatrix Linear(params string[] names)
        {
            var entries = names.Select(name => file.Require($"{name}.weight")).ToArray();
            var (outputs, inputs) = ((int)entries[0].Shape[0], (int)entries[0].Shape[1]);
            byte[] buffer = [];
            return new PackedMatrix(outputs * names.Length, inputs, (row, numbers) => file.Read(entries[row / outputs], row % outputs * (long)inputs, numbers, ref buffer), [.. names.SelectMany(name => Vector($"{name}.bias"))]);
        }
    }

    /// <summary>Features of an embedding.</summary>
    public int Features { get; }

    /// <summary>The most cores that compute a prompt; the result is the same with any number.</summary>
    public int Cores { get; set; } = Environment.ProcessorCount;

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

    /// <summary>An empty cache of keys and values for <see cref="Run"/>.</summary>
    public AttentionCache NewCache() => new(Features, _config.Heads);

    /// <summary>Computes μ and σ of the tokens behind those that the cache has.</summary>
    /// <param name="x">Their embeddings, rows · features numbers.</param>
    /// <param name="rows">How many tokens there are.</param>
    /// <param name="cache">Keys and values of the tokens before; those of the new ones are added.</param>
    /// <param name="means">μ, rows · features numbers; overwritten.</param>
    /// <param name="stds">σ, rows · features numbers; overwritten.</param>
    public void Run(ReadOnlyMemory<float> x, int rows, AttentionCache cache, Memory<float> means, Memory<float> stds)
    {
        var inner = _up.Outputs;
        var size = rows * Features;
        var rented = ArrayPool<float>.Shared.Rent(Math.Max(1, (size * 6) + (rows * inner)));
        var used = rented.AsMemory(0, (size * 6) + (rows * inner));
        var (stream, normed, qkv, attended, wide) = (used[..size], used.Slice(size, size), used.Slice(2 * size, 3 * size), used.Slice(5 * size, size), used[(6 * size)..]);
        var heads = qkv[..(rows * 2 * _told)];
        using var team = new CoreTeam((long)rows * (_qkv.Size + _out.Size + _up.Size + _down.Size + _heads.Size), Cores);

        EachRows((at, length) =>
        {
            TensorPrimitives.Divide(x.Span.Slice(at, length), _scale, stream.Span.Slice(at, length));
            LayerNorm(stream.Span.Slice(at, length), _norm1, normed.Span.Slice(at, length));
        });
        _qkv.Multiply(team, normed.Span, qkv.Span, rows);
        var before = cache.Count;
        cache.Add(qkv.Span, rows);
        Attend(team, qkv, cache, before, attended, rows);
        _out.Multiply(team, attended.Span, normed.Span, rows);
        EachRows((at, length) =>
        {
            TensorPrimitives.Add(stream.Span.Slice(at, length), normed.Span.Slice(at, length), stream.Span.Slice(at, length));
            LayerNorm(stream.Span.Slice(at, length), _norm2, normed.Span.Slice(at, length));
        });
        _up.Multiply(team, normed.Span, wide.Span, rows);
        EachRows((at, length) => RowFunctions.Gelu(wide.Span.Slice(at / Features * inner, length / Features * inner)));
        _down.Multiply(team, wide.Span, normed.Span, rows);
        EachRows((at, length) => TensorPrimitives.Add(stream.Span.Slice(at, length), normed.Span.Slice(at, length), stream.Span.Slice(at, length)));
        _heads.Multiply(team, stream.Span, heads.Span, rows);
        EachRows((at, length) =>
        {
            for (var row = at; row < at + length; row += Features)
            {
                Finish(x.Span.Slice(row, Features), heads.Span.Slice(row / Features * 2 * _told, 2 * _told), means.Span.Slice(row, Features), stds.Span.Slice(row, Features));
            }
        });
        used.Span.Clear();
        ArrayPool<float>.Shared.Return(rented);

        void EachRows(Action<int, int> task)
        {
            var atOnce = RowsOfATask * Features;
            team.For((rows + RowsOfATask - 1) / RowsOfATask, i => task(i * atOnce, Math.Min(atOnce, size - (i * atOnce))));
        }
    }

    private void Attend(CoreTeam team, ReadOnlyMemory<float> qkv, AttentionCache cache, int before, Memory<float> attended, int rows)
    {
        var size = Features / _config.Heads;
        var parts = (rows + RowsOfATask - 1) / RowsOfATask;

        // The last rows see most: they go first, so the cores end together.
        team.For(parts * _config.Heads, task =>
        {
            var (part, head) = (parts - 1 - (task / _config.Heads), task % _config.Heads);
            for (var row = part * RowsOfATask; row < Math.Min(rows, (part + 1) * RowsOfATask); row++)
            {
                var seen = before + row + 1;
                CausalAttention.Attend(qkv.Span.Slice((3 * row * Features) + (head * size), size), cache.Keys(head, seen), cache.Values(head, seen), attended.Span.Slice((row * Features) + (head * size), size));
            }
        });
    }

    /// <summary>μ and σ of a row from what the heads say of it; features that tell nothing are filled in.</summary>
    private void Finish(ReadOnlySpan<float> x, ReadOnlySpan<float> heads, Span<float> means, Span<float> stds)
    {
        heads[.._told].CopyTo(means);
        heads[_told..].CopyTo(stds);
        ApplyMean(means[.._told]);
        ApplyStd(stds[.._told]);
        TensorPrimitives.Negate(x[_told..], means[_told..]);
        stds[_told..].Fill((float)_config.RestStd * _scale);
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
