using Jigsaw.Batches;
using Jigsaw.Models.Decoder;
using Jigsaw.Models.Generation;
using static TorchSharp.torch;

namespace Jigsaw.Models;

public sealed partial class CausalLM
{
    /// <summary>Continues prompts given as embeddings, such as transformed ones. New tokens are embedded as they are.</summary>
    /// <param name="embeddings">Shape (batch, sequence, hidden).</param>
    /// <param name="attentionMask">Real tokens, shape (batch, sequence); padding may be on the left or right. Every row needs a token.</param>
    /// <param name="adapters">The adapters to apply; null runs the bare base.</param>
    /// <param name="options">How to choose tokens; null is greedy.</param>
    /// <returns>For each row the new tokens, up to and including the first end token.</returns>
    /// <exception cref="ArgumentException">Shapes don't match, a row has no token, or an option is out of its range.</exception>
    /// <exception cref="InvalidOperationException">Layers of the model are offloaded.</exception>
    /// <exception cref="OperationCanceledException">The options' cancellation was requested.</exception>
    public int[][] Generate(Tensor embeddings, RowMask attentionMask, IAdapters? adapters = null, GenerationOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(embeddings);
        ArgumentNullException.ThrowIfNull(attentionMask);
        RequireShapes(embeddings, attentionMask.Value);
        RequireReady(LayerCount - 1, toEnd: true, adapters);
        options ??= new GenerationOptions();
        using var sampler = new TokenSampler(options);
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        var ends = (options.EndTokens ?? Config.EndTokens).ToHashSet();
        var (prompt, mask) = LeftPadded(embeddings.to(DType), attentionMask.Value);
        var (batch, length) = ((int)prompt.shape[0], (int)prompt.shape[1]);
        using var cache = new KeyValueCache(Config, batch, length + options.MaxNewTokens - 1, DType, Device);
        var replies = Enumerable.Range(0, batch).Select(_ => new List<int>()).ToArray();
        var done = new bool[batch];
        var allVisible = cat([mask, ones(batch, options.MaxNewTokens, dtype: ScalarType.Bool, device: Device)], 1);
        var input = prompt;
        for (var step = 0; step < options.MaxNewTokens; step++)
        {
            options.Cancellation.ThrowIfCancellationRequested();
            using var stepScope = NewDisposeScope();
            var next = sampler.Next(NextLogits(input, allVisible.narrow(1, 0, length + step), adapters, cache));
            for (var row = 0; row < batch; row++)
            {
                if (!done[row])
                {
                    replies[row].Add((int)next[row]);
                    done[row] = ends.Contains((int)next[row]);
                }
            }

            if (Array.TrueForAll(done, row => row))
            {
                break;
            }

            input = Embed(tensor(next, dtype: ScalarType.Int64, device: Device).unsqueeze(1)).MoveToOuterDisposeScope();
        }

        return [.. replies.Select(reply => reply.ToArray())];
    }

    /// <summary>Continues prompts given as token ids.</summary>
    /// <param name="ids">Shape (batch, sequence), int64.</param>
    /// <param name="attentionMask">Real tokens, shape (batch, sequence); padding may be on the left or right. Every row needs a token.</param>
    /// <param name="adapters">The adapters to apply; null runs the bare base.</param>
    /// <param name="options">How to choose tokens; null is greedy.</param>
    /// <returns>For each row the new tokens, up to and including the first end token.</returns>
    /// <exception cref="ArgumentException">Shapes don't match, a row has no token, or an option is out of its range.</exception>
    public int[][] GenerateFromIds(Tensor ids, RowMask attentionMask, IAdapters? adapters = null, GenerationOptions? options = null)
    {
        using var scope = NewDisposeScope();
        return Generate(Embed(ids), attentionMask, adapters, options);
    }

    /// <summary>The logits of the last column, shape (batch, vocabulary). The keys and values of the input's columns go into the cache.</summary>
    private Tensor NextLogits(Tensor input, Tensor mask, IAdapters? adapters, KeyValueCache cache) =>
        Head.Logits(_norm.Apply(GoOn(input, mask, adapters, cache).narrow(1, input.shape[1] - 1, 1)).squeeze(1));

    /// <summary>The last layer's output for columns behind those of the cache, which their keys and values go into.</summary>
    private Tensor GoOn(Tensor input, Tensor mask, IAdapters? adapters, KeyValueCache cache)
    {
        var inputs = Inputs(mask, cache.Length);
        var hidden = input;
        foreach (var layer in _layers)
        {
            hidden = layer.Run(hidden, inputs, adapters, cache);
        }

        cache.Advance((int)input.shape[1]);
        return hidden;
    }

    /// <summary>Moves the tokens of every row to its end, so all rows continue in the same column.</summary>
    private static (Tensor Embeddings, Tensor Mask) LeftPadded(Tensor embeddings, Tensor mask)
    {
        if (!mask.any(1).all().cpu().item<bool>())
        {
            throw new ArgumentException("A row of the prompts has no token; remove it, or give it one.", nameof(mask));
        }

        // A stable sort by the mask puts padding first and keeps the order of the tokens.
        var order = mask.to(ScalarType.Int64).sort(dim: 1, descending: false, stable: true).Indices;
        return (embeddings.gather(1, order.unsqueeze(-1).expand_as(embeddings)), mask.gather(1, order));
    }
}
