using Jigsaw.Tensors;
using static TorchSharp.torch;

namespace Jigsaw.Models.Generation;

/// <summary>Chooses the next token of every row.</summary>
internal sealed class TokenSampler : IDisposable
{
    private readonly GenerationOptions _options;
    private readonly Generator _generator;

    public TokenSampler(GenerationOptions options)
    {
        if (options.MaxNewTokens < 1)
        {
            throw new ArgumentException($"MaxNewTokens is {options.MaxNewTokens}; use at least 1.", nameof(options));
        }

        if (!(options.Temperature >= 0) || double.IsInfinity(options.Temperature))
        {
            throw new ArgumentException($"Temperature is {options.Temperature}; use 0 for the best token each time, or a positive number.", nameof(options));
        }

        if (options.TopK is < 1)
        {
            throw new ArgumentException($"TopK is {options.TopK}; use at least 1, or null for all tokens.", nameof(options));
        }

        if (options.TopP is { } topP && !(topP is > 0 and <= 1))
        {
            throw new ArgumentException($"TopP is {topP}; use a number above 0 and at most 1, or null for all tokens.", nameof(options));
        }

        _options = options;
        _generator = new Generator((ulong)options.Seed, CPU);
    }

    /// <summary>The chosen tokens on the host.</summary>
    /// <param name="logits">Shape (batch, vocabulary).</param>
    public long[] Next(Tensor logits)
    {
        using var scope = NewDisposeScope();
        if (_options.Temperature == 0)
        {
            return [.. logits.argmax(-1).cpu().data<long>()];
        }

        var scaled = logits.to(ScalarType.Float32).cpu() / Scalars.Of(_options.Temperature);
        var (values, indices) = scaled.sort(-1, descending: true);
        if (_options.TopK is { } topK && topK < values.shape[1])
        {
            values = values.narrow(1, 0, topK);
            indices = indices.narrow(1, 0, topK);
        }

        var probabilities = nn.functional.softmax(values, -1);
        if (_options.TopP is { } topP)
        {
            // A token stays if those before it have not yet reached topP, so the best one always does.
            var before = probabilities.cumsum(-1) - probabilities;
            probabilities = probabilities.masked_fill(before.ge(Scalars.Of(topP)), Scalars.Of(0));
        }

        var drawn = multinomial(probabilities, 1, replacement: true, generator: _generator);
        return [.. indices.gather(1, drawn).squeeze(1).data<long>()];
    }

    public void Dispose() => _generator.Dispose();
}
