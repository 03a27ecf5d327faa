using TorchSharp;
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

        var beams = new List<(long[] Ids, double Score)> { (row[..places[0]], 0) };
        for (var t = places[0]; t <= places[^1]; t++)
        {
            cancellation.ThrowIfCancellationRequested();
            using var tokenScope = NewDisposeScope();
            var priors = prior.Next(stack([.. beams.Select(beam => prior.Ids(beam.Ids))]));
            beams = noise[t] ? Extend(beams, priors, observed[t], draws) : [.. beams.Select((beam, i) => (Append(beam.Ids, row[t]), beam.Score + priors[i, row[t]].ToDouble()))];
        }

        var read = beams.OrderByDescending(beam => beam.Score).ToArray();
        var end = places[^1] + 1;
        var texts = stack([.. read.Select(beam => prior.Ids([.. beam.Ids, .. row[end..]]))]);
        var scores = prior.Of(texts, end) + tensor(read.Select(beam => beam.Score).ToArray(), device: texts.device);
        return new BeamReading([.. read.Select(beam => beam.Ids)], [.. read.Select(beam => beam.Score)], (int)scores.argmax(-1).ToInt64(), row);
    }

    private List<(long[] Ids, double Score)> Extend(List<(long[] Ids, double Score)> beams, Tensor priors, Tensor observed, int draws)
    {
        var extended = new List<(int Beam, long Id, double Score)>();
        for (var i = 0; i < beams.Count; i++)
        {
            using var scope = NewDisposeScope();
            var tried = Candidates(priors[i], observed, draws, always: null);
            var scores = (tried is null ? priors[i] : priors[i].index_select(0, tried)) + density.LogDensities(beams[i].Ids, tried, observed, draws);
            var (values, indexes) = scores.topk((int)Math.Min(beamCount, scores.shape[0]), -1);
            var ids = (tried is null ? indexes : tried.index_select(0, indexes)).cpu().data<long>().ToArray();
            var best = values.cpu().data<double>().ToArray();
            var (beam, before) = (i, beams[i].Score);
            extended.AddRange(ids.Select((id, k) => (beam, id, before + best[k])));
        }

        return [.. extended.OrderByDescending(candidate => candidate.Score).Take(beamCount).Select(candidate => (Append(beams[candidate.Beam].Ids, candidate.Id), candidate.Score))];
    }

    private static long[] Append(long[] ids, long id) => [.. ids, id];
}
