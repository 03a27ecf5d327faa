using Jigsaw.Tensors;
using Jigsaw.Transforms.Noise;
using static TorchSharp.torch;

namespace Jigsaw.Transforms;

/// <summary>
/// What a transform makes of a token in its context, for whoever owns it: the codeword x + μ and σ, and with them the density of x̃. The block has no positions, so query,
/// key and value of a vocabulary entry are the same wherever it stands: they are computed once, and a candidate behind a prefix costs one row of attention and the
/// block's tail. A transform that changes afterwards needs a new one of these.
/// </summary>
internal sealed class CodewordDensity : ITokenDensity, IDisposable
{
    private const double NormEpsilon = 1e-5;
    private const long CandidateChunk = 1024;
    private const long ChunkElements = 1L << 22;
    // 324 MiB for 49152 tokens of 576 features in float32; each instance has its own.
    private const long KeptProjectionBytes = 512L << 20;

    private readonly StainedGlassTransform _transform;
    private readonly Dictionary<string, Tensor> _parameters;
    private readonly Tensor _scaled;
    private readonly Tensor? _projected;
    private readonly ScalarType _dtype;
    private readonly double? _oneStd;
    private readonly bool _shiftsKnown = true;
    private (Tensor Codewords, Tensor Stds)? _contextFree;

    /// <summary>Copies the transform's parameters.</summary>
    /// <param name="transform">The transform.</param>
    /// <param name="dtype">What to compute in: float32, or float64 to check.</param>
    /// <param name="known">What the attacker knows of the transform.</param>
    /// <param name="keptBytes">How much memory queries, keys and values of the whole vocabulary may take; they are computed anew each time where they would take more.</param>
    public CodewordDensity(StainedGlassTransform transform, ScalarType dtype = ScalarType.Float32, KnownMoments known = KnownMoments.All, long keptBytes = KeptProjectionBytes)
    {
        ArgumentNullException.ThrowIfNull(transform);
        (_transform, _dtype) = (transform, dtype);
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        _parameters = transform.Network.named_parameters().ToDictionary(named => named.name, named => named.parameter.detach().to(dtype, copy: true).DetachFromDisposeScope());
        _scaled = (transform.EmbeddingTable.to(dtype) / Scalars.Of(transform.Scale)).DetachFromDisposeScope();
        if (Vocabulary * Features * 3 * _scaled.ElementSize <= keptBytes)
        {
            _projected = Project(_scaled).DetachFromDisposeScope();
        }

        if (known == KnownMoments.Codewords)
        {
            _oneStd = Moments(arange(Scalars.Of(0), Scalars.Of(Vocabulary), Scalars.One, dtype: ScalarType.Int64, device: _scaled.device).unsqueeze(-1)).Stds.to(ScalarType.Float64).mean().cpu().item<double>();
        }

        _shiftsKnown = known != KnownMoments.Stds;
    }

    /// <summary>Entries of the embedding table.</summary>
    public long Vocabulary => _scaled.shape[0];

    /// <summary>Features of an embedding.</summary>
    public long Features => _scaled.shape[1];

    /// <inheritdoc/>
    /// <remarks>ln N(x̃; x + μ, σ²/n), summed over features in double precision.</remarks>
    public Tensor LogDensities(ReadOnlySpan<long> prefix, Tensor? candidates, Tensor observed, int draws)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var seen = observed.to(_dtype);
        return EachBehind(prefix, candidates, (x, stream) =>
        {
            var codewords = CodewordsOf(x, stream);
            return LogDensity(seen, codewords, StdsOf(codewords, stream), draws);
        }).MoveToOuterDisposeScope();
    }

    /// <summary>The codeword x + μ of every entry of the table behind a prefix, whose keys and values all of them share.</summary>
    /// <param name="prefix">Token ids.</param>
    /// <returns>Shape (vocabulary, features), of this object's dtype.</returns>
    public Tensor CodewordsBehind(ReadOnlySpan<long> prefix)
    {
        using var noGrad = no_grad();
        return EachBehind(prefix, candidates: null, CodewordsOf);
    }

    /// <inheritdoc/>
    public Tensor LogDensities(Tensor observed, int draws)
    {
        using var scope = NewDisposeScope();
        if (_contextFree is null)
        {
            var (codewords, stds) = Moments(arange(Scalars.Of(0), Scalars.Of(Vocabulary), Scalars.One, dtype: ScalarType.Int64, device: _scaled.device).unsqueeze(-1));
            _contextFree = (codewords.squeeze(1).DetachFromDisposeScope(), stds.squeeze(1).DetachFromDisposeScope());
        }

        return LogDensity(observed, _contextFree.Value.Codewords, _contextFree.Value.Stds, draws).MoveToOuterDisposeScope();
    }

    /// <summary>Codewords x + μ and σ of rows of tokens, from one column on.</summary>
    /// <param name="ids">Token ids, shape (rows, columns), int64, without padding.</param>
    /// <param name="from">The first column whose results are asked for.</param>
    /// <returns>Two tensors of shape (rows, columns − from, features), of this object's dtype.</returns>
    public (Tensor Codewords, Tensor Stds) Moments(Tensor ids, long from = 0)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var (codewords, stds) = (new List<Tensor>(), new List<Tensor>());
        var (rows, columns) = (ids.shape[0], ids.shape[1]);
        var asked = columns - from;
        var step = Math.Max(1, ChunkElements / (columns * Features * 4));
        var visible = ones(columns, columns, dtype: ScalarType.Bool, device: ids.device).tril().narrow(0, from, asked);
        var bias = ScaledDotProduct.Bias(visible, _dtype);
        for (long start = 0; start < rows; start += step)
        {
            using var chunk = NewDisposeScope();
            var some = ids.narrow(0, start, Math.Min(step, rows - start));
            var flat = some.flatten();
            var x = _scaled.index_select(0, flat).view(some.shape[0], columns, Features);
            var heads = Heads((_projected?.index_select(0, flat) ?? Project(x.flatten(0, 1))).view(some.shape[0], columns, -1)).permute(0, 2, 3, 1, 4);
            var attended = ScaledDotProduct.Attend(heads.select(1, 0).narrow(2, from, asked), heads.select(1, 1), heads.select(1, 2), bias)
                .transpose(1, 2).reshape(some.shape[0], asked, Features);
            var own = x.narrow(1, from, asked);
            var stream = Stream(own, attended);
            codewords.Add(CodewordsOf(own, stream).MoveToOuterDisposeScope());
            stds.Add(StdsOf(codewords[^1], stream).MoveToOuterDisposeScope());
        }

        return (cat(codewords).MoveToOuterDisposeScope(), cat(stds).MoveToOuterDisposeScope());
    }

    /// <summary>ln N(x̃; codeword, σ²/n), summed over the last dimension in double precision; shapes broadcast.</summary>
    public static Tensor LogDensity(Tensor observed, Tensor codewords, Tensor stds, int draws)
    {
        using var scope = NewDisposeScope();
        var features = codewords.shape[^1];
        var scaled = (observed - codewords).div_(stds).pow_(Scalars.Of(2)).mul_(Scalars.Of(-0.5 * draws)).sub_(stds.log());
        return scaled.sum([-1], type: ScalarType.Float64).add_(Scalars.Of(features * 0.5 * Math.Log(draws / (2 * Math.PI))), Scalars.One).MoveToOuterDisposeScope();
    }

    /// <summary>Frees the copies.</summary>
    public void Dispose()
    {
        foreach (var parameter in _parameters.Values)
        {
            parameter.Dispose();
        }

        _scaled.Dispose();
        _projected?.Dispose();
        _contextFree?.Codewords.Dispose();
        _contextFree?.Stds.Dispose();
    }

    /// <summary>What a function makes of candidates' embeddings in multiples of the scale and of what the block makes of them, a chunk of candidates at a time, one behind the other; null tries all.</summary>
    private Tensor EachBehind(ReadOnlySpan<long> prefix, Tensor? candidates, Func<Tensor, Tensor, Tensor> read)
    {
        using var scope = NewDisposeScope();
        var (keys, values) = PrefixOf(prefix);
        var count = candidates?.shape[0] ?? Vocabulary;
        var parts = new List<Tensor>();
        for (long start = 0; start < count; start += CandidateChunk)
        {
            using var chunk = NewDisposeScope();
            var size = Math.Min(CandidateChunk, count - start);
            var ids = candidates?.narrow(0, start, size);
            var x = ids is null ? _scaled.narrow(0, start, size) : _scaled.index_select(0, ids);
            var own = _projected is null ? Project(x) : ids is null ? _projected.narrow(0, start, size) : _projected.index_select(0, ids);
            parts.Add(read(x, Stream(x, Attend(own, keys, values))).MoveToOuterDisposeScope());
        }

        return cat(parts).MoveToOuterDisposeScope();
    }

    /// <summary>Queries, keys and values, shape (…, 3 · features).</summary>
    private Tensor Project(Tensor x) => Linear(LayerNorm(x, "block.norm1"), "block.attention.qkv");

    /// <summary>Shape (…, 3, heads, head size).</summary>
    private Tensor Heads(Tensor projected) => projected.view([.. projected.shape[..^1], 3, _transform.Config.Heads, Features / _transform.Config.Heads]);

    /// <summary>Keys and values of a prefix, shape (heads, columns, head size).</summary>
    private (Tensor Keys, Tensor Values) PrefixOf(ReadOnlySpan<long> prefix)
    {
        using var ids = tensor(prefix.ToArray(), dtype: ScalarType.Int64, device: _scaled.device);
        var heads = Heads(_projected?.index_select(0, ids) ?? Project(_scaled.index_select(0, ids))).permute(1, 2, 0, 3);
        return (heads[1], heads[2]);
    }

    /// <summary>Attention of single tokens over a prefix and themselves, shape (candidates, features).</summary>
    private Tensor Attend(Tensor own, Tensor keys, Tensor values)
    {
        var heads = Heads(own).permute(1, 2, 0, 3);
        var (query, key, value) = (heads[0] * Scalars.Of(1 / Math.Sqrt(heads.shape[3])), heads[1], heads[2]);
        var scores = cat([query.matmul(keys.transpose(1, 2)), (query * key).sum(-1, keepdim: true)], -1);
        var weights = scores.softmax(-1);
        var before = keys.shape[1];
        var attended = weights.narrow(2, 0, before).matmul(values).add_(weights.narrow(2, before, 1) * value, Scalars.One);
        return attended.transpose(0, 1).reshape(own.shape[0], Features);
    }

    /// <summary>What follows attention in the block.</summary>
    private Tensor Stream(Tensor x, Tensor attended)
    {
        var stream = x.Plus(Linear(attended, "block.attention.out"));
        return stream.Plus(Linear(Linear(LayerNorm(stream, "block.norm2"), "block.feed_forward.up").gelu(), "block.feed_forward.down"));
    }

    /// <summary>x + μ.</summary>
    private Tensor CodewordsOf(Tensor x, Tensor stream) =>
        (_shiftsKnown ? TransformFunctions.AllMeans(TransformFunctions.Apply(_transform.Config.Mean, Linear(stream, "mean")), x).Plus(x) : x) * Scalars.Of(_transform.Scale);

    /// <summary>σ, in the shape of the codewords.</summary>
    private Tensor StdsOf(Tensor codewords, Tensor stream) =>
        _oneStd is { } std ? full_like(codewords, Scalars.Of(std)) : TransformFunctions.AllStds(TransformFunctions.Apply(_transform.Config.Std, Linear(stream, "std")), Features, _transform.Config.RestStd) * Scalars.Of(_transform.Scale);

    private Tensor Linear(Tensor x, string name) => nn.functional.linear(x, _parameters[$"{name}.weight"], _parameters[$"{name}.bias"]);

    private Tensor LayerNorm(Tensor x, string name) => nn.functional.layer_norm(x, [Features], _parameters[$"{name}.weight"], _parameters[$"{name}.bias"], NormEpsilon);
}
