using Jigsaw.Data;
using Jigsaw.Evaluation.Metrics;
using Jigsaw.Tensors;
using static TorchSharp.torch;

namespace Jigsaw.Evaluation.Attacks;

internal sealed partial class SuiteRun
{
    private const string KnownPairs = "K3";
    private const int PairBatch = 64;
    private const int ReaderBatch = 16;
    private const double HeldOutShare = 0.1;
    private static readonly int[] _pairCounts = [100, 1_000, 10_000, 100_000];

    /// <summary>Chats that attackers who learn may know: those with a reply and a transformed token.</summary>
    private ChatExample[] KnownChats() => [.. _options.OtherChats.Where(chat =>
        chat.Messages.Any(message => message.Role == Tokenization.ChatMessage.Assistant && !string.IsNullOrWhiteSpace(message.Content))
        && (_tokenizer.NoiseRoles is not { } roles || chat.Messages.Any(message => roles.Contains(message.Role))))];

    private bool CanLearn(string what, int count)
    {
        if (count > 1)
        {
            return true;
        }

        Note($"Without other chats ({nameof(AttackSuiteOptions)}.{nameof(AttackSuiteOptions.OtherChats)}) there is nothing to learn from: {what} was left out.");
        return false;
    }

    /// <summary>Known pairs, shapes (pairs, features) and (pairs).</summary>
    internal (Tensor Noisy, Tensor Ids) Pairs(ChatExample[] chats, int draws, int most)
    {
        // The graphs of a hundred thousand pairs would take ten gigabytes.
        using var noGrad = no_grad();
        var (noisy, ids, count) = (new List<Tensor>(), new List<Tensor>(), 0L);
        foreach (var some in chats.Chunk(PairBatch).TakeWhile(_ => count < most))
        {
            _cancellation.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            using var batch = _tokenizer.ToBatch([.. some.Select(chat => chat.Tokenize(_tokenizer))]);
            var rows = MaskedRows.Of(batch.NoiseMask);
            var sum = MaskedRows.Pick((_twin ?? _transform).Apply(batch).Noisy, rows).to(ScalarType.Float32);
            for (var i = 1; i < draws; i++)
            {
                sum = sum.Plus(MaskedRows.Pick((_twin ?? _transform).Apply(batch).Noisy, rows));
            }

            noisy.Add((sum / Scalars.Of(draws)).MoveToOuterDisposeScope());
            ids.Add(batch.InputIds.flatten().index_select(0, rows).MoveToOuterDisposeScope());
            count += rows.shape[0];
        }

        var all = Math.Min(count, most);
        return (cat(noisy).narrow(0, 0, all), cat(ids).narrow(0, 0, all));
    }

    private void ReadByRidge()
    {
        var chats = KnownChats();
        if (!CanLearn("ridge", chats.Length))
        {
            return;
        }

        foreach (var draws in Draws)
        {
            using var scope = NewDisposeScope();
            var (noisy, ids) = Pairs(chats, draws, _pairCounts[^1]);
            foreach (var count in _pairCounts.Select(count => Math.Min(count, noisy.shape[0])).Distinct())
            {
                using var attack = RidgeAttack.Fit(noisy.narrow(0, 0, count), ids.narrow(0, 0, count), _model.EmbeddingTable);
                AddReadings(KnownPairs, draws, attack, _observed[draws]);
            }
        }
    }

    /// <summary>A trained reader, alone and with the language model's prior, by number of prompts that the attacker knows.</summary>
    private void ReadByTraining()
    {
        var chats = KnownChats();
        if (!CanLearn("the trained attack", chats.Length))
        {
            return;
        }

        var held = Math.Max(1, (int)(chats.Length * HeldOutShare));
        var (heldOut, known) = (new ChatSample(chats[..held], _tokenizer, PairBatch, _options.Seed), chats[held..]);
        foreach (var draws in Draws)
        {
            foreach (var count in new[] { known.Length / 10, known.Length }.Where(count => count > 0).Distinct())
            {
                using var attack = TrainedInversionAttack.Fit(
                    _transform,
                    new ChatSample(known[..count], _tokenizer, ReaderBatch, _options.Seed + 1),
                    new TrainedInversionAttackOptions { Steps = MostReaderSteps, Draws = draws, Seed = _options.Seed + 1 },
                    (step, _) => _progress?.Invoke($"trained attack, step {step} of at most {MostReaderSteps}", _share),
                    heldOut,
                    _cancellation);
                Note($"The trained attack on {count} prompts, {draws} draws, stopped after {attack.FittedSteps} steps{(attack.HeldOutLoss is { } loss ? $" at {Number(loss)} nats per held-out token" : "")}: {(attack.IsFlat ? "its held-out loss was flat" : "the largest number of steps, so it might learn more")}.");
                AddReadings(KnownPairs, draws, new NamedAttack($"trained attack, {count} prompts", attack), _observed[draws]);
                if (count == known.Length)
                {
                    AddReaderWithPrior(attack, draws);
                }
            }
        }
    }

    private void AddReaderWithPrior(TrainedInversionAttack attack, int draws)
    {
        var score = new ReadingScore(Decode);
        var prior = new LanguagePrior(_model);
        for (var i = 0; i < Math.Min(_options.SearchedChats, _chats.Count); i++)
        {
            using var scope = NewDisposeScope();
            var chat = _chats[i];
            var (_, all, noise) = Batch(chat, _observed[draws][i].device);
            using (all)
            using (noise)
            {
                var scores = attack.LogProbabilities(_observed[draws][i].unsqueeze(0), all)[0];
                var rows = scores.index_select(0, tensor(chat.Places.Select(t => (long)t).ToArray(), device: scores.device));
                var density = new ScoredDensity(scores, rows.logsumexp(0) - Scalars.Of(Math.Log(chat.Places.Length)));
                var read = new LikelihoodSearch(prior, density, _options.Beams, candidates: null).Search(chat.Ids, chat.Noise, _observed[draws][i], draws, _cancellation).Best;
                score.Add(chat, [.. chat.Places.Select(t => read[t])]);
            }
        }

        Add("trained attack with the prior", KnownPairs, draws, score.Figures);
    }

    /// <summary>Which kinds of facts a prompt holds, read from the mean of its x̃.</summary>
    private void ProbeAttributes()
    {
        var chats = KnownChats();
        string[] kinds = [.. chats.SelectMany(chat => chat.Facts.Keys).Distinct().Order(StringComparer.Ordinal)];
        if (!CanLearn("the attribute probe", chats.Length) || kinds.Length == 0)
        {
            return;
        }

        foreach (var draws in Draws)
        {
            using var scope = NewDisposeScope();
            var known = chats.Take(1000).Select(chat => AttackedChat.Of(chat, _tokenizer)).Where(chat => chat.Places.Length > 0).ToArray();
            var pooled = stack([.. known.Select(chat => Pool(chat, Draw(_twin ?? _transform, chat, draws), owned: true))]);
            using var probe = AttributeProbe.Fit(pooled, stack([.. known.Select(chat => Holds(chat).to(ScalarType.Float32) * Scalars.Of(2) - Scalars.Of(1))]));
            var (right, floor) = (new Tally(), new Tally());
            var often = stack([.. known.Select(Holds)]).to(ScalarType.Float32).mean([0]).gt(Scalars.Of(0.5));
            for (var i = 0; i < _chats.Count; i++)
            {
                var truth = Holds(_chats[i]);
                right.Add(probe.Holds(Pool(_chats[i], _observed[draws][i], owned: false).unsqueeze(0))[0].eq(truth).sum().cpu().item<long>(), kinds.Length);
                floor.Add(often.eq(truth).sum().cpu().item<long>(), kinds.Length);
            }

            Add("attribute probe", KnownPairs, draws, "kinds of facts in the prompt, present or not", right);
            if (draws == Draws.First())
            {
                Add("the more frequent answer", "floor", 1, "kinds of facts in the prompt, present or not", floor);
            }
        }

        Tensor Holds(AttackedChat chat) => tensor(kinds.Select(chat.Example.Facts.ContainsKey).ToArray(), device: _transform.Device);

        static Tensor Pool(AttackedChat chat, Tensor noisy, bool owned)
        {
            using var scope = NewDisposeScope();
            var mean = noisy.index_select(0, tensor(chat.Places.Select(t => (long)t).ToArray(), device: noisy.device)).mean([0]).MoveToOuterDisposeScope();
            if (owned)
            {
                noisy.Dispose();
            }

            return mean;
        }
    }
}
