using Jigsaw.Batches;
using Jigsaw.Evaluation.Metrics;
using Jigsaw.Tensors;
using Jigsaw.Transforms;
using static TorchSharp.torch;

namespace Jigsaw.Evaluation.Attacks;

internal sealed partial class SuiteRun
{
    private const int BestCandidates = 10;
    private const int FloorSamples = 32;
    private const int CodewordPrefixes = 8;

    /// <summary>What an attack reads that names candidates for each token.</summary>
    private void AddReadings(string level, int draws, IInversionAttack attack, Tensor[] observed)
    {
        var score = new ReadingScore(Decode);
        for (var i = 0; i < observed.Length; i++)
        {
            _cancellation.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            var chat = _chats[i];
            using var all = RowMask.FromHost([.. chat.Ids.Select(_ => true)], 1, chat.Ids.Length, observed[i].device);
            var candidates = (int)Math.Min(BestCandidates, _model.EmbeddingTable.shape[0]);
            var read = attack.Recover(observed[i].unsqueeze(0), all, candidates)[0].cpu().contiguous().data<long>().ToArray();
            score.Add(
                chat,
                [.. chat.Places.Select(t => read[t * candidates])],
                [.. chat.Places.Select(t => read.AsSpan(t * candidates, candidates).Contains(chat.Ids[t]))]);
        }

        Add(attack.Name, level, draws, score.Figures);
    }

    private void ReadByStudent()
    {
        if (_options.Adapters is { } adapters)
        {
            foreach (var draws in Draws)
            {
                AddReadings("K2", draws, new StudentAttack(_model, adapters), _observed[draws]);
            }
        }
    }

    /// <summary>The mean codeword of each token behind some prefixes of other chats.</summary>
    private Tensor MeanCodewords()
    {
        using var scope = NewDisposeScope();
        using var density = new CodewordDensity(_transform);
        var chats = _options.OtherChats.Take(CodewordPrefixes).Select(chat => AttackedChat.Of(chat, _tokenizer)).Where(chat => chat.Places.Length > 0).DefaultIfEmpty(_chats[0]).ToArray();
        var sum = zeros(density.Vocabulary, density.Features, device: _transform.Device);
        foreach (var (chat, i) in chats.Select((chat, i) => (chat, i)))
        {
            // Each chat is cut at another share of its prompt.
            _cancellation.ThrowIfCancellationRequested();
            using var chatScope = NewDisposeScope();
            sum.add_(density.CodewordsBehind(chat.Ids.AsSpan(0, chat.Places[chat.Places.Length * i / chats.Length])), Scalars.One);
        }

        return (sum / Scalars.Of(chats.Length)).MoveToOuterDisposeScope();
    }

    private void ReadNeighbors()
    {
        var table = MeanCodewords();
        foreach (var draws in Draws)
        {
            foreach (var (cosine, farthest) in new[] { (false, false), (true, false), (true, true) })
            {
                using var attack = new NearestNeighborAttack(_model.EmbeddingTable, cosine, farthest);
                AddReadings("K0", draws, attack, _observed[draws]);
            }

            using var codewords = new NearestNeighborAttack(table) { Name = "nearest codeword", Knowledge = "the transform" };
            AddReadings(Exact, draws, codewords, _observed[draws]);
            AddRanks(draws, cosine: false);
            AddRanks(draws, cosine: true);
        }
    }

    /// <summary>The original's figures of how far the true embedding is among its neighbors.</summary>
    private void AddRanks(int draws, bool cosine)
    {
        var (rank, atTen, symmetric) = (new Tally(), new Tally(), new Tally());
        var vocabulary = (int)_model.EmbeddingTable.shape[0];
        for (var i = 0; i < _chats.Count; i++)
        {
            using var scope = NewDisposeScope();
            var (chat, places) = (_chats[i], tensor(_chats[i].Places.Select(t => (long)t).ToArray(), device: _observed[draws][i].device));
            var truth = tensor(chat.Places.Select(t => chat.Ids[t]).ToArray(), device: places.device).unsqueeze(0);
            var ranks = ReconstructionMetrics.ReconstructionRank(truth, _observed[draws][i].index_select(0, places).unsqueeze(0), _model.EmbeddingTable, cosine);
            var count = chat.Places.Length;
            rank.Add(ranks.sum().ReadInt64(), count);
            atTen.Add(ReconstructionMetrics.TokensTransformedAtK(ranks, BestCandidates) * count, count);
            symmetric.Add(ReconstructionMetrics.SymmetricTokensTransformedAtK(ranks, BestCandidates, vocabulary) * count, count);
        }

        var name = cosine ? "nearest neighbor, cosine" : "nearest neighbor";
        Add(name, "K0", draws, "rank of the true token", rank);
        Add(name, "K0", draws, $"tokens transformed at {BestCandidates}", atTen);
        Add(name, "K0", draws, $"tokens transformed at {BestCandidates}, symmetric", symmetric);
    }

    private void ReadWithoutNoisy()
    {
        var reader = new ReplyOnlyReader(new LanguagePrior(_model), FloorSamples);
        var (prior, reply) = (new ReadingScore(Decode), new ReadingScore(Decode));
        for (var i = 0; i < Math.Min(_options.SearchedChats, _chats.Count); i++)
        {
            var chat = _chats[i];
            var read = reader.Read(chat.Ids, chat.Noise, _options.Seed + i, _cancellation);
            prior.Add(chat, [.. chat.Places.Select(t => read.Prior[t])]);
            reply.Add(chat, [.. chat.Places.Select(t => read.Reply[t])]);
        }

        Add("prior alone", "floor", 1, prior.Figures);
        Add("reply alone", "floor", 1, reply.Figures);
    }
}
