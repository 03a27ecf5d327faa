using Jigsaw.Batches;
using Jigsaw.Passes;
using Jigsaw.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Jigsaw.Losses.Information;

/// <summary>
/// What the teacher's clean pass expects of the tokens of a prompt: how much each one surprises, and others that could stand in its place. One more product of the LM head over these tokens, in chunks, without a gradient;
/// the logits of all of them are never there at once.
/// </summary>
internal sealed class PromptPredictions
{
    private const long ChunkBytes = 16L << 20;

    // Keeps a product with a number just under 1 from being rounded up to the whole sum, which no token reaches.
    private const double Below = 1 - 2.5e-7;

    private PromptPredictions(Tensor surprisal, Tensor isPredicted, Tensor? draws)
    {
        Surprisal = surprisal;
        IsPredicted = isPredicted;
        Draws = draws;
    }

    /// <summary>−log p(token | the tokens before it) in nats, shape (batch, sequence), in the accumulation type; 0 where nothing predicts the token or the mask doesn't cover it.</summary>
    public Tensor Surprisal { get; }

    /// <summary>Tokens that the mask covers and that have one before them, shape (batch, sequence), bool.</summary>
    public Tensor IsPredicted { get; }

    /// <summary>A draw from the prediction at each token's place, shape (batch, sequence), int64; the token itself where nothing predicts it. Null if none was asked for.</summary>
    public Tensor? Draws { get; }

    /// <summary>Computes them, in the caller's dispose scope.</summary>
    /// <param name="teacher">Last hidden states of the teacher's clean pass, shape (batch, sequence, hidden).</param>
    /// <param name="head">Its LM head.</param>
    /// <param name="inputIds">Shape (batch, sequence), int64.</param>
    /// <param name="attention">Real tokens.</param>
    /// <param name="mask">Tokens that are asked about.</param>
    /// <param name="seed">Seed of the draws; null draws none.</param>
    public static PromptPredictions Of(Tensor teacher, LanguageModelHead head, Tensor inputIds, RowMask attention, RowMask mask, long? seed)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var hidden = teacher.detach();
        var wide = KernelArguments.AccumulationType(hidden, head.Weight);
        var (batch, sequence) = (inputIds.shape[0], inputIds.shape[1]);
        var before = cat([zeros([batch, 1], dtype: ScalarType.Bool, device: inputIds.device), attention.Value.narrow(1, 0, sequence - 1)], 1);
        var isPredicted = mask.Value & attention.Value & before;
        var surprisal = zeros([batch * sequence], dtype: wide, device: inputIds.device);
        var flatIds = inputIds.reshape(-1);
        var draws = seed is null ? null : flatIds.clone();
        using var seeded = new SeededGenerator(inputIds.device);
        var generator = seed is { } given ? seeded.At(given) : null;
        if (Rows(mask, attention, isPredicted, sequence) is { } rows)
        {
            var flat = hidden.reshape(-1, hidden.shape[^1]);
            var chunk = (int)Math.Max(1, ChunkBytes / (head.Weight.shape[0] * wide.ElementSize()));

            // A draw is the first token at which the cumulative probability exceeds a uniform number. There is one for each place, after those of the step's rows before these, which other processes have, so it doesn't depend on how many processes there are.
            var others = draws is null ? 0 : Places(mask.Before, attention.Before, sequence).Count;
            var numbers = draws is null ? null : rand([others + rows.shape[0], 1], dtype: wide, device: inputIds.device, generator: generator).mul_(Scalars.Of(Below));
            for (var start = 0L; start < rows.shape[0]; start += chunk)
            {
                using var inner = NewDisposeScope();
                var some = rows.narrow(0, start, Math.Min(chunk, rows.shape[0] - start));
                var logits = head.Logits(PackedRows.Gather(flat, (some - Scalars.Of(1)).clamp_min(Scalars.Of(0))).to(head.Weight.dtype)).to(wide);
                var logProbabilities = nn.functional.log_softmax(logits, 1);
                var ids = PackedRows.Gather(flatIds, some);
                surprisal.index_copy_(0, some, logProbabilities.gather(1, ids.unsqueeze(1)).squeeze(1).neg());
                if (draws is not null)
                {
                    var cumulative = logProbabilities.exp_().cumsum(1);
                    var reached = numbers!.narrow(0, others + start, some.shape[0]) * cumulative.narrow(1, cumulative.shape[1] - 1, 1);
                    draws.index_copy_(0, some, cumulative.le(reached).sum(1));
                }
            }
        }

        var shaped = surprisal.reshape(batch, sequence).masked_fill(isPredicted.eq(Scalars.Of(false)), Scalars.Of(0));
        var chosen = draws is null ? null : Choose(isPredicted, draws.reshape(batch, sequence), inputIds);
        return new PromptPredictions(shaped.MoveToOuterDisposeScope(), isPredicted.MoveToOuterDisposeScope(), chosen?.MoveToOuterDisposeScope());
    }

    /// <summary>A draw where a condition holds, else the id. META has no kernel for where.</summary>
    internal static Tensor Choose(Tensor condition, Tensor draws, Tensor ids) => (draws - ids).mul_(condition.to(ScalarType.Int64)).add_(ids, Scalars.One);

    /// <summary>The rows that are asked about, shape (n); all rows of a batch whose masks are not on the host; null if there are none.</summary>
    private static Tensor? Rows(RowMask mask, RowMask attention, Tensor isPredicted, long sequence)
    {
        if (!mask.IsPacked || !attention.IsPacked)
        {
            return arange(Scalars.Of(0), Scalars.Of(isPredicted.shape[0] * sequence), Scalars.One, dtype: ScalarType.Int64, device: isPredicted.device);
        }

        var rows = Places(mask.Host, attention.Host, sequence);
        return rows.Count == 0 ? null : DeviceCopy.Of(tensor(rows.ToArray(), dtype: ScalarType.Int64), isPredicted.device);
    }

    /// <summary>Tokens that are asked about and that something predicts.</summary>
    private static List<long> Places(ReadOnlySpan<bool> counts, ReadOnlySpan<bool> real, long sequence)
    {
        var places = new List<long>(counts.Length);
        for (var i = 0; i < counts.Length; i++)
        {
            if (counts[i] && real[i] && i % sequence > 0 && real[i - 1])
            {
                places.Add(i);
            }
        }

        return places;
    }
}
