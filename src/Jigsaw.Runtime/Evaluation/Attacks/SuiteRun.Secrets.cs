using Jigsaw.Evaluation.Metrics;
using static TorchSharp.torch;

namespace Jigsaw.Evaluation.Attacks;

internal sealed partial class SuiteRun
{
    private const string BoundName = "bound over all attackers";

    /// <summary>Untold facts whose place is known, chat by chat.</summary>
    private IEnumerable<(int Chat, AttackedFact Fact)> Secrets() =>
        _chats.SelectMany((chat, i) => chat.Facts.Where(fact => fact is { State: FactState.Placed, Told: false }).Select(fact => (i, fact)));

    private void BoundSecrets()
    {
        using var attack = Attack(_transform);
        var count = _options.BoundValues;
        var found = new List<(int Chat, string Kind, double[] Nats, double[] Success, double[] OfMean)>();
        foreach (var (i, fact) in Secrets())
        {
            _cancellation.ThrowIfCancellationRequested();
            var values = _alternatives.Of(fact, i, count);
            if (values.Count < count)
            {
                LeaveOut($"untold facts with fewer than {count - 1} others of their kind and token length, of the bound");
            }
            else if (found.Count < _options.Facts)
            {
                using var scope = NewDisposeScope();
                var (codewords, stds) = attack.Divergences(_chats[i].Ids, _chats[i].Noise, fact.Place, values);
                double[] nats = [.. Draws.Select(draws => ReadingBound.Nats(codewords, stds, draws))];
                double[] ofMean = [.. Draws.Select(draws => ReadingBound.LargestSuccess(ReadingBound.NatsOfMean(codewords, stds, draws), count))];
                found.Add((i, fact.Kind, nats, [.. nats.Select(value => ReadingBound.LargestSuccess(value, count))], ofMean));
            }
        }

        foreach (var (draws, k) in Draws.Select((draws, k) => (draws, k)))
        {
            foreach (var kind in found.Select(fact => fact.Kind).Distinct().Order(StringComparer.Ordinal).Prepend(null))
            {
                var facts = found.Where(fact => kind is null || fact.Kind == kind).GroupBy(fact => fact.Chat).ToArray();
                var suffix = kind is null ? "" : $": {kind}";
                AddMean($"naming the fact among {count}, at most{suffix}", fact => fact.Success[k]);
                AddMean($"nats about the fact, at most{suffix}", fact => fact.Nats[k]);
                if (draws > 1)
                {
                    AddMean($"naming the fact among {count} by the mean of the draws, at most{suffix}", fact => fact.OfMean[k]);
                }

                void AddMean(string figure, Func<(int Chat, string Kind, double[] Nats, double[] Success, double[] OfMean), double> value)
                {
                    var tally = new Tally();
                    foreach (var chat in facts)
                    {
                        tally.Add(chat.Sum(value), chat.Count());
                    }

                    Add(BoundName, "any", draws, figure, tally);
                }
            }
        }
    }

    private void HideAmongDecoys()
    {
        using var attack = Attack(_transform);
        var counts = _options.DecoyValues.Distinct().Order().ToArray();
        if (counts.Length == 0)
        {
            return;
        }

        var draws = Draws.ToArray();
        var hits = counts.Select(_ => Enumerable.Range(0, draws.Length + 1).Select(_ => (Hit: new Tally(), Rank: new Tally())).ToArray()).ToArray();
        var presence = draws.Select(_ => new Tally()).ToArray();
        var done = 0;
        foreach (var (i, fact) in Secrets())
        {
            _cancellation.ThrowIfCancellationRequested();
            var values = _alternatives.Of(fact, i, counts[^1]);
            foreach (var count in counts.Where(count => values.Count < count))
            {
                LeaveOut($"untold facts with fewer than {count - 1} others of their kind and token length, of the decoys");
            }

            if (values.Count < counts[0] || done >= _options.Facts)
            {
                continue;
            }

            done++;
            using var scope = NewDisposeScope();
            var (prior, posteriors) = attack.Rate(_chats[i].Ids, _chats[i].Noise, fact.Place, values, [.. draws.Select(n => (_observed[n][i], n))]);
            for (var k = 0; k < draws.Length; k++)
            {
                // The density alone: how often a prompt with the fact looks likelier than one with another.
                var gains = posteriors[k].Zip(prior, (posterior, before) => posterior - before).ToArray();
                presence[k].Add(gains[1..].Sum(gain => gain < gains[0] ? 1 : gain == gains[0] ? 0.5 : 0), gains.Length - 1);
            }

            for (var c = 0; c < counts.Length && values.Count >= counts[c]; c++)
            {
                for (var k = 0; k <= draws.Length; k++)
                {
                    var scores = (k == 0 ? prior : posteriors[k - 1]).AsSpan(0, counts[c]);
                    var (above, equal) = (0, 0);
                    foreach (var score in scores[1..])
                    {
                        above += score > scores[0] ? 1 : 0;
                        equal += score == scores[0] ? 1 : 0;
                    }

                    // What is rated alike is taken at random.
                    hits[c][k].Hit.Add(above == 0 ? 1.0 / (1 + equal) : 0, 1);
                    hits[c][k].Rank.Add(Enumerable.Range(1, 1 + equal).Average(place => 1.0 / (above + place)), 1);
                }
            }
        }

        for (var k = 0; k <= draws.Length; k++)
        {
            var (name, level, n) = k == 0 ? ("prior alone", "floor", 1) : (ExactName, Exact, draws[k - 1]);
            for (var c = 0; c < counts.Length; c++)
            {
                Add(name, level, n, $"untold fact among {counts[c]}, hit@1", hits[c][k].Hit);
                Add(name, level, n, $"untold fact among {counts[c]}, mean reciprocal place", hits[c][k].Rank);
            }

            if (k > 0)
            {
                Add("presence test", Exact, n, "untold fact before another one", presence[k - 1]);
            }
        }
    }
}
