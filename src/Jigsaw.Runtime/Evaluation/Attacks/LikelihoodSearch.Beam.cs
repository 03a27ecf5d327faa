using Jigsaw.Tensors;
using static TorchSharp.torch;

namespace Jigsaw.Evaluation.Attacks;

internal sealed partial class LikelihoodSearch
{
    /// <summary>Searches for the likeliest prompt, and lets the plain tokens behind it choose among what is left.</summary>
    /// <param name="row">The row's tokens, without padding; only those that were not transformed are read.</param>
    /// <param name="noise">Which of them were transformed.</param>
    /// <param name="observed">x̃, or the mean of its draws, shape (tokens, features).</param>
    /// <param name="draws">How many draws it is the mean of.</param>
    /// <param name="cancellation">Stops between two tokens.</param>
    public BeamReading Search(long[] row, bool[] noise, Tensor observed, int draws = 1, CancellationToken cancellation = default)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var places = Places(noise);
        if (places.Length == 0)
        {
            throw new ArgumentException("The row has no transformed token; give one whose noise mask covers at least one.", nameof(noise));
        }

        using var texts = prior.Grow(row[..places[0]], 1, places[^1] + 1);
        var scores = new List<double> { 0 };
        for (var t = places[0]; t <= places[^1]; t++)
        {
            cancellation.ThrowIfCancellationRequested();
            using var tokenScope = NewDisposeScope();
            var extended = noise[t]
                ? Extend(texts, scores, observed[t], draws)
                : [.. scores.Select((score, i) => (i, row[t], score + texts.Next[i, row[t]].ReadDouble()))];
            texts.Advance([.. extended.Select(text => text.Text)], [.. extended.Select(text => text.Id)]);
            scores = [.. extended.Select(text => text.Score)];
        }

        var read = texts.Texts.Zip(scores, (ids, score) => (Ids: ids, Score: score)).OrderByDescending(beam => beam.Score).ToArray();
        var end = places[^1] + 1;
        var whole = stack([.. read.Select(beam => prior.Ids([.. beam.Ids, .. row[end..]]))]);
        var rated = prior.Of(whole, end).Plus(tensor(read.Select(beam => beam.Score).ToArray(), device: whole.device));
        return new BeamReading([.. read.Select(beam => beam.Ids)], [.. read.Select(beam => beam.Score)], (int)rated.argmax(-1).ReadInt64(), row);
    }

    private List<(int Text, long Id, double Score)> Extend(GrowingTexts texts, List<double> before, Tensor observed, int draws)
    {
        var extended = new List<(int Text, long Id, double Score)>();
        var near = Near(observed, draws);
        for (var i = 0; i < before.Count; i++)
        {
            using var scope = NewDisposeScope();
            var likely = texts.Next[i];
            var tried = Candidates(likely, near, always: null);
            var scores = (tried is null ? likely : likely.index_select(0, tried)).Plus(density.LogDensities(texts.Texts[i], tried, observed, draws));
            var (values, indexes) = scores.topk((int)Math.Min(beamCount, scores.shape[0]), -1);
            var ids = (tried is null ? indexes : tried.index_select(0, indexes)).cpu().data<long>().ToArray();
            var best = values.cpu().data<double>().ToArray();
            var (text, score) = (i, before[i]);
            extended.AddRange(ids.Select((id, k) => (text, id, score + best[k])));
        }

        return [.. extended.OrderByDescending(candidate => candidate.Score).Take(beamCount)];
    }
}
