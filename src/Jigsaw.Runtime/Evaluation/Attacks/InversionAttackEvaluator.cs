using Jigsaw.Batches;
using Jigsaw.Evaluation.Metrics;
using Jigsaw.Transforms;
using TorchSharp;
using static TorchSharp.torch;

namespace Jigsaw.Evaluation.Attacks;

/// <summary>Measures what readers get from transformed prompts.</summary>
public static class InversionAttackEvaluator
{
    private const int Candidates = 10;

    /// <summary>Lets readers read the same samples of x̃.</summary>
    /// <param name="readers">The readers.</param>
    /// <param name="transform">The transform; one sample is drawn for each batch.</param>
    /// <param name="batches">Batches, each with the private facts of its rows; batches are not disposed.</param>
    /// <param name="decode">Text of token ids.</param>
    public static IReadOnlyList<InversionAttackReport> Measure(
        IReadOnlyList<IInversionAttack> readers,
        StainedGlassTransform transform,
        IEnumerable<(TokenBatch Batch, IReadOnlyList<IReadOnlyCollection<string>> Facts)> batches,
        Func<IReadOnlyList<int>, string> decode)
    {
        ArgumentNullException.ThrowIfNull(readers);
        ArgumentNullException.ThrowIfNull(transform);
        ArgumentNullException.ThrowIfNull(batches);
        ArgumentNullException.ThrowIfNull(decode);
        var (right, near, found) = (new long[readers.Count], new long[readers.Count], new long[readers.Count]);
        long tokens = 0, facts = 0;
        using var noGrad = no_grad();
        foreach (var (batch, factsOfRows) in batches)
        {
            using var scope = NewDisposeScope();
            var noisy = transform.Apply(batch).Noisy;
            var rows = AgreementEvaluator.Rows(batch.NoiseMask);
            var truth = batch.InputIds.flatten().index_select(0, rows).unsqueeze(-1);
            tokens += rows.shape[0];
            facts += factsOfRows.Sum(row => row.Count);
            for (var i = 0; i < readers.Count; i++)
            {
                var read = readers[i].Read(noisy, batch.AttentionMask, Candidates);
                var hits = AgreementEvaluator.Pick(read, rows).eq(truth);
                right[i] += hits.narrow(1, 0, 1).sum().ToInt64();
                near[i] += hits.sum().ToInt64();
                var texts = Texts(read, batch, decode);
                found[i] += factsOfRows.Select((row, index) => row.Count(fact => texts[index].Contains(fact, StringComparison.Ordinal))).Sum();
            }
        }

        return [.. readers.Select((reader, i) => new InversionAttackReport(
            reader.Name,
            right[i] / (double)Math.Max(1, tokens),
            near[i] / (double)Math.Max(1, tokens),
            found[i] / (double)Math.Max(1, facts),
            tokens,
            facts))];
    }

    /// <summary>What a reader makes of each row's transformed tokens.</summary>
    /// <param name="read">Candidates, shape (batch, sequence, candidates), best first.</param>
    /// <param name="batch">The batch that was read.</param>
    /// <param name="decode">Text of token ids.</param>
    public static IReadOnlyList<string> Texts(Tensor read, TokenBatch batch, Func<IReadOnlyList<int>, string> decode)
    {
        ArgumentNullException.ThrowIfNull(read);
        ArgumentNullException.ThrowIfNull(batch);
        ArgumentNullException.ThrowIfNull(decode);
        using var best = read.select(2, 0).cpu().contiguous();
        var ids = best.data<long>().ToArray();
        var (rows, length) = ((int)read.shape[0], (int)read.shape[1]);
        var noise = batch.NoiseMask.Host.ToArray();
        return [.. Enumerable.Range(0, rows).Select(row =>
            decode([.. Enumerable.Range(row * length, length).Where(i => noise[i]).Select(i => (int)ids[i])]))];
    }
}
