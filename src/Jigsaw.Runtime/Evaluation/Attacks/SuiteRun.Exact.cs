using Jigsaw.Evaluation.Metrics;
using Jigsaw.Transforms;
using static TorchSharp.torch;

namespace Jigsaw.Evaluation.Attacks;

internal sealed partial class SuiteRun
{
    private const string ExactName = "exact likelihood attack";
    private const string Exact = "K4";

    private ExactLikelihoodAttack Attack(StainedGlassTransform transform) => new(_model, transform, _options.Beams, _options.Candidates);

    private void ReadPosteriors()
    {
        using var attack = Attack(_transform);
        Note($"The exact likelihood attack tries {attack.CandidateCount} of {_model.EmbeddingTable.shape[0]} tokens at each place and keeps {_options.Beams} hypotheses.");
        foreach (var draws in Draws)
        {
            AddPosteriors(ExactName, Exact, draws, attack.Reader, _observed[draws], _options.PosteriorChats, withPrior: draws == Draws.First());
        }
    }

    /// <summary>The figures of the posterior with the true prefix given.</summary>
    private void AddPosteriors(string name, string level, int draws, LikelihoodSearch attack, Tensor[] observed, int chats, bool withPrior)
    {
        var bits = new[] { new Tally(), new Tally(), new Tally() };
        var (read, prior) = (new[] { new Tally(), new Tally(), new Tally() }, new[] { new Tally(), new Tally(), new Tally() });
        var (facts, factsByPrior, ranks) = (new Tally(), new Tally(), new Tally());
        for (var i = 0; i < Math.Min(chats, _chats.Count); i++)
        {
            var chat = _chats[i];
            var forced = attack.Force(chat.Ids, chat.Noise, observed[i], draws, cancellation: _cancellation);
            var truth = chat.Places.Select(t => chat.Ids[t]).ToArray();
            for (var group = 0; group < 3; group++)
            {
                var some = Enumerable.Range(0, truth.Length).Where(k => group == 0 || chat.InReply[chat.Places[k]] == (group == 2)).ToArray();
                bits[group].Add(some.Sum(forced.Bits), some.Length);
                read[group].Add(some.Count(k => forced.Best[k] == truth[k]), some.Length);
                prior[group].Add(some.Count(k => forced.BestPrior[k] == truth[k]), some.Length);
            }

            ranks.Add(forced.Ranks.Sum(), truth.Length);
            var untold = chat.Facts.Where(fact => fact is { State: FactState.Placed, Told: false }).ToArray();
            bool All(AttackedFact fact, IReadOnlyList<long> tokens) => Enumerable.Range(0, truth.Length).Where(k => chat.Places[k] >= fact.Place && chat.Places[k] < fact.Place + fact.Value.Length).All(k => tokens[k] == truth[k]);
            facts.Add(untold.Count(fact => All(fact, forced.Best)), untold.Length);
            factsByPrior.Add(untold.Count(fact => All(fact, forced.BestPrior)), untold.Length);
        }

        string[] groups = ["", " not in the reply", " in the reply"];
        for (var group = 0; group < 3; group++)
        {
            Add(name, level, draws, $"bits per token{groups[group]}, true prefix given", bits[group]);
        }

        for (var group = 0; group < 3; group++)
        {
            Add(name, level, draws, $"tokens{groups[group]}, true prefix given", read[group]);
        }

        Add(name, level, draws, "untold facts, true prefix given", facts);
        Add(name, level, draws, "rank of the true token, true prefix given", ranks);
        for (var group = 0; withPrior && group < 3; group++)
        {
            Add("prior alone", "floor", draws, $"tokens{groups[group]}, true prefix given", prior[group]);
        }

        if (withPrior)
        {
            Add("prior alone", "floor", draws, "untold facts, true prefix given", factsByPrior);
        }
    }

    private void ReadBySearch()
    {
        using var attack = Attack(_transform);
        foreach (var draws in _options.Attacks == AttackSet.All ? Draws : Draws.Take(1))
        {
            AddSearch(ExactName, Exact, draws, attack.Reader, _observed[draws], _options.SearchedChats);
        }
    }

    /// <summary>The figures of the search, after the plain tokens behind the prompt have chosen among its hypotheses.</summary>
    private void AddSearch(string name, string level, int draws, LikelihoodSearch attack, Tensor[] observed, int chats)
    {
        var score = new ReadingScore(Decode);
        for (var i = 0; i < Math.Min(chats, _chats.Count); i++)
        {
            var chat = _chats[i];
            var read = attack.Search(chat.Ids, chat.Noise, observed[i], draws, _cancellation).Best;
            score.Add(chat, [.. chat.Places.Select(t => read[t])]);
        }

        Add(name, level, draws, score.Figures);
    }
}
