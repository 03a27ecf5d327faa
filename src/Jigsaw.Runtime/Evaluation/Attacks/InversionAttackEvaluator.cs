using Jigsaw.Batches;
using Jigsaw.Processes;
using Jigsaw.Tensors;
using Jigsaw.Transforms;
using static TorchSharp.torch;

namespace Jigsaw.Evaluation.Attacks;

/// <summary>Measures what inversion attacks recover from transformed prompts.</summary>
public static class InversionAttackEvaluator
{
    private const int Candidates = 10;

    /// <summary>Runs any number of attacks on the same samples of x̃.</summary>
    /// <param name="attacks">The attacks.</param>
    /// <param name="transform">The transform; one sample is drawn for each batch, with secure noise: no attack can draw it again.</param>
    /// <param name="batches">Batches, each with the private facts of its rows, of which those count that its transformed text contains; batches are not disposed.</param>
    /// <param name="decode">Text of token ids.</param>
    /// <param name="processes">Processes that share the batches, all of which are given in each; the reports are of all. Null for one process.</param>
    /// <returns>A report per attack, in their order.</returns>
    /// <exception cref="InvalidOperationException">An attack gives candidates of another shape than it was asked for.</exception>
    public static IReadOnlyList<InversionAttackReport> Run(
        IReadOnlyList<IInversionAttack> attacks,
        StainedGlassTransform transform,
        IEnumerable<(TokenBatch Batch, IReadOnlyList<IReadOnlyCollection<string>> Facts)> batches,
        Func<IReadOnlyList<int>, string> decode,
        IProcessGroup? processes = null)
    {
        ArgumentNullException.ThrowIfNull(attacks);
        ArgumentNullException.ThrowIfNull(transform);
        ArgumentNullException.ThrowIfNull(batches);
        ArgumentNullException.ThrowIfNull(decode);
        var (best, topTen, found) = (new double[attacks.Count], new double[attacks.Count], new double[attacks.Count]);
        double[] asked = [0, 0];
        using var noGrad = no_grad();
        using var used = transform.WithSecureNoise();
        foreach (var (batch, factsOfRows) in processes.Share(batches))
        {
            using var scope = NewDisposeScope();
            var noisy = used.Apply(batch).Noisy;
            var rows = MaskedRows.Of(batch.NoiseMask);
            var truth = batch.InputIds.flatten().index_select(0, rows).unsqueeze(-1);
            asked[0] += rows.shape[0];
            var whole = Texts(batch.InputIds.unsqueeze(-1), batch, decode);
            var there = factsOfRows.Select((row, index) => row.Where(fact => whole[index].Contains(fact, StringComparison.Ordinal)).ToArray()).ToArray();
            asked[1] += there.Sum(row => row.Length);
            for (var i = 0; i < attacks.Count; i++)
            {
                var recovered = Recover(attacks[i], noisy, batch.AttentionMask);
                var hits = MaskedRows.Pick(recovered, rows).eq(truth);
                best[i] += hits.narrow(1, 0, 1).sum().ReadInt64();
                topTen[i] += hits.sum().ReadInt64();
                var texts = Texts(recovered, batch, decode);
                found[i] += there.Select((row, index) => row.Count(fact => texts[index].Contains(fact, StringComparison.Ordinal))).Sum();
            }
        }

        foreach (var counts in (double[][])[asked, best, topTen, found])
        {
            processes?.Sum(counts);
        }

        var (tokens, facts) = ((long)asked[0], (long)asked[1]);
        return [.. attacks.Select((attack, i) => new InversionAttackReport
        {
            Attack = attack.Name,
            Knowledge = attack.Knowledge,
            TokenAccuracy = tokens > 0 ? best[i] / tokens : null,
            TopTenAccuracy = tokens > 0 ? topTen[i] / tokens : null,
            FactRecall = facts > 0 ? found[i] / facts : null,
            TokenCount = tokens,
            FactCount = facts,
        })];
    }

    /// <summary>The text that an attack recovered of each row's transformed tokens: its best candidates, decoded.</summary>
    /// <param name="recovered">Candidates, shape (batch, sequence, candidates), best first.</param>
    /// <param name="batch">The batch that was attacked.</param>
    /// <param name="decode">Text of token ids.</param>
    public static IReadOnlyList<string> Texts(Tensor recovered, TokenBatch batch, Func<IReadOnlyList<int>, string> decode)
    {
        ArgumentNullException.ThrowIfNull(recovered);
        ArgumentNullException.ThrowIfNull(batch);
        ArgumentNullException.ThrowIfNull(decode);
        using var best = recovered.select(2, 0).cpu().contiguous();
        var ids = best.data<long>().ToArray();
        var (rows, length) = ((int)recovered.shape[0], (int)recovered.shape[1]);
        var noise = batch.NoiseMask.Host.ToArray();
        return [.. Enumerable.Range(0, rows).Select(row =>
            decode([.. Enumerable.Range(row * length, length).Where(i => noise[i]).Select(i => (int)ids[i])]))];
    }

    private static Tensor Recover(IInversionAttack attack, Tensor noisy, RowMask attentionMask)
    {
        var recovered = attack.Recover(noisy, attentionMask, Candidates);
        long[] expected = [noisy.shape[0], noisy.shape[1], Candidates];
        return recovered.dtype == ScalarType.Int64 && recovered.shape.SequenceEqual(expected)
            ? recovered
            : throw new InvalidOperationException($"The attack '{attack.Name}' gives {recovered.dtype} of shape ({string.Join(", ", recovered.shape)}); return int64 token ids of shape ({string.Join(", ", expected)}).");
    }
}
