using Jigsaw.Tensors;
using Jigsaw.Transforms;
using static TorchSharp.torch;

namespace Jigsaw.Evaluation.Attacks;

/// <summary>Reads prompts by language model prior × density of x̃: exactly what Bayes' rule says where the density is the transform's own.</summary>
/// <param name="prior">What the attacker takes for likely texts.</param>
/// <param name="density">What the attacker takes for the density of x̃.</param>
/// <param name="beamCount">Hypotheses that the search keeps.</param>
/// <param name="candidates">Tokens tried at each place: half of them by the prior, half by the density without context; null tries all.</param>
internal sealed partial class LikelihoodSearch(LanguagePrior prior, ITokenDensity density, int beamCount, int? candidates)
{
    /// <summary>The posterior of each transformed token with the true prefix given.</summary>
    /// <param name="ids">The row's tokens, without padding.</param>
    /// <param name="noise">Which of them were transformed.</param>
    /// <param name="observed">x̃, or the mean of its draws, shape (tokens, features).</param>
    /// <param name="draws">How many draws it is the mean of.</param>
    /// <param name="named">How many of the likeliest tokens to name; 0 names none.</param>
    /// <param name="cancellation">Stops between two tokens.</param>
    public ForcedReading Force(long[] ids, bool[] noise, Tensor observed, int draws = 1, int named = 0, CancellationToken cancellation = default)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var places = Places(noise);
        if (places.Length == 0)
        {
            throw new ArgumentException("The row has no transformed token; give one whose noise mask covers at least one.", nameof(noise));
        }

        var likely = prior.Before(ids, places);
        var (ofPrior, ofDensity, ofPosterior) = (new double[places.Length], new double[places.Length], new double[places.Length]);
        var (best, bestPrior, ranks) = (new long[places.Length], new long[places.Length], new long[places.Length]);
        var tops = new List<Tensor>();
        for (var i = 0; i < places.Length; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            using var tokenScope = NewDisposeScope();
            var (t, truth) = (places[i], ids[places[i]]);
            var all = likely[i];
            var tried = Candidates(all, Near(observed[t], draws), truth);
            var densities = density.LogDensities(ids.AsSpan(0, t), tried, observed[t], draws);
            var posteriors = (tried is null ? all : all.index_select(0, tried)).Plus(densities).log_softmax(-1);
            var own = tried is null ? truth : tried.eq(Scalars.Of(truth)).nonzero().ReadInt64();
            var largest = posteriors.argmax(-1).ReadInt64();
            (ofPrior[i], ofDensity[i], ofPosterior[i]) = (all[truth].ReadDouble(), densities[own].ReadDouble(), posteriors[own].ReadDouble());
            (best[i], bestPrior[i]) = (tried is null ? largest : tried[largest].ReadInt64(), all.argmax(-1).ReadInt64());
            ranks[i] = posteriors.gt(posteriors[own]).sum().ReadInt64();
            if (named > 0)
            {
                tops.Add(TopOf(posteriors, tried, all, named).cpu().MoveToOuterDisposeScope());
            }
        }

        return new ForcedReading
        {
            Places = places,
            LogPriors = ofPrior,
            LogDensities = ofDensity,
            LogPosteriors = ofPosterior,
            Best = best,
            BestPrior = bestPrior,
            Ranks = ranks,
            Top = named > 0 ? stack(tops).MoveToOuterDisposeScope() : null,
        };
    }

    /// <summary>The likeliest tokens; where fewer were tried, the prior's follow.</summary>
    private static Tensor TopOf(Tensor posteriors, Tensor? tried, Tensor priors, int count)
    {
        if (tried is null)
        {
            return posteriors.topk(count, -1).indexes;
        }

        var others = priors.index_fill(0, tried, Scalars.Of(double.NegativeInfinity));
        var read = tried.index_select(0, posteriors.topk((int)Math.Min(count, tried.shape[0]), -1).indexes);
        return cat([read, others.topk((int)(count - read.shape[0]), -1).indexes]);
    }

    /// <summary>The tokens that are likeliest by the density without a context; null if all are tried.</summary>
    private Tensor? Near(Tensor observed, int draws)
    {
        using var scope = NewDisposeScope();
        return candidates is { } count ? density.LogDensities(observed, draws).topk(Math.Max(1, count / 2), -1).indexes.MoveToOuterDisposeScope() : null;
    }

    /// <summary>The tokens to try at a place, shape (candidates); null tries all.</summary>
    private Tensor? Candidates(Tensor likely, Tensor? near, long? always)
    {
        if (candidates is not { } count || near is null)
        {
            return null;
        }

        using var scope = NewDisposeScope();
        var union = cat([likely.topk((count + 1) / 2, -1).indexes, near, prior.Ids(always is { } id ? [id] : [])]);
        return union.unique(sorted: true).output.MoveToOuterDisposeScope();
    }

    /// <summary>The places of the tokens that the transform changed.</summary>
    public static int[] Places(ReadOnlySpan<bool> noise)
    {
        var places = new List<int>();
        for (var t = 0; t < noise.Length; t++)
        {
            if (noise[t])
            {
                places.Add(t);
            }
        }

        return [.. places];
    }
}
