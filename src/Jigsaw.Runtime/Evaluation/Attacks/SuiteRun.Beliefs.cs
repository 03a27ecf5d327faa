using Jigsaw.Tensors;
using Jigsaw.Transforms;
using static TorchSharp.torch;

namespace Jigsaw.Evaluation.Attacks;

internal sealed partial class SuiteRun
{
    private const string Blind = "K1";
    private const string InPart = "K4, in part";
    private const int FittedPrompts = 4;
    private const int BeliefChats = 8;

    /// <summary>BeamClean: noise that doesn't depend on the token, of known or estimated size.</summary>
    private void ReadBlindly()
    {
        var prior = new LanguagePrior(_model);
        foreach (var draws in Draws)
        {
            var observed = _observed[draws];
            using var scope = NewDisposeScope();
            var known = DeviationOf(draws);
            using (var density = new SurrogateDensity(_model.EmbeddingTable, known, byFeature: true))
            {
                AddBelief("BeamClean, known noise", Blind, prior, density, draws);
            }

            var rows = Enumerable.Range(0, Math.Min(FittedPrompts, _chats.Count)).Select(i => (_chats[i].Ids, _chats[i].Noise, observed[i])).ToArray();
            foreach (var byFeature in new[] { false, true })
            {
                using var density = new SurrogateDensity(_model.EmbeddingTable, known.mean().expand_as(known), byFeature);
                density.Fit(prior, rows, _options.Beams, draws, _cancellation);
                Note($"BeamClean fitted its noise{(byFeature ? " of each feature" : "")} in {density.Rounds} rounds on {rows.Length} prompts, {draws} draws.");
                AddBelief(byFeature ? "BeamClean, estimated noise of each feature" : "BeamClean, estimated noise", Blind, prior, density, draws);
            }
        }
    }

    /// <summary>The exact attack with a wrong or incomplete idea of the transform.</summary>
    private void ReadByMismatch()
    {
        var prior = new LanguagePrior(_model);
        foreach (var draws in Draws)
        {
            foreach (var (name, known) in new[] { ("only μ known", KnownMoments.Codewords), ("only σ known", KnownMoments.Stds) })
            {
                using var density = new CodewordDensity(_transform, known: known);
                AddBelief($"exact likelihood attack, {name}", InPart, prior, density, draws);
            }

            if (_options.OtherTransform is { } other)
            {
                ExactLikelihoodAttack.RequireMatch(_model, other);
                using var density = new CodewordDensity(other);
                AddBelief("exact likelihood attack, another transform", InPart, prior, density, draws);
            }
        }
    }

    private void AddBelief(string name, string level, LanguagePrior prior, ITokenDensity density, int draws)
    {
        var search = new LikelihoodSearch(prior, density, _options.Beams, _exactCandidates);
        AddSearch(name, level, draws, search, _observed[draws], Math.Min(_options.SearchedChats, BeliefChats));
    }

    /// <summary>The standard deviation of x̃ − x of one draw, by feature, as someone knows it who was told the size of the noise.</summary>
    private Tensor DeviationOf(int draws)
    {
        var differences = _chats.Select((chat, i) =>
        {
            var places = tensor(chat.Places.Select(t => (long)t).ToArray(), device: _transform.Device);
            var clean = _model.EmbeddingTable.index_select(0, tensor(chat.Places.Select(t => chat.Ids[t]).ToArray(), device: _transform.Device)).to(ScalarType.Float32);
            return _observed[draws][i].index_select(0, places) - clean;
        });
        return cat([.. differences]).Squared().mean([0]).sqrt() * Scalars.Of(Math.Sqrt(draws));
    }
}
