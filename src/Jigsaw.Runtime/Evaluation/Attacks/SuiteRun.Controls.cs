using Jigsaw.Transforms;
using Jigsaw.Transforms.Noise;

namespace Jigsaw.Evaluation.Attacks;

internal sealed partial class SuiteRun
{
    private const int ControlChats = 4;
    private const int ControlSearches = 1;
    private const int ControlKnownChats = 600;
    private const int ControlReaderSteps = 400;
    private const double QuietStd = 1e-3;
    private const double LoudStd = 1e5;

    /// <summary>Every attack on x̃ = x, which it must read, and on pure noise, where it must know no more than without x̃.</summary>
    private void CheckAttacks()
    {
        foreach (var (name, std) in new[] { ("x̃ = x", QuietStd), ("pure noise", LoudStd) })
        {
            using var transform = Control(std);
            var options = _options with
            {
                Draws = [1],
                PosteriorChats = Math.Min(ControlChats, _options.PosteriorChats),
                SearchedChats = Math.Min(ControlSearches, _options.SearchedChats),
                OtherChats = [.. _options.OtherChats.Take(ControlKnownChats)],
                OtherTransform = null,
                Adapters = null,
            };
            using var run = new SuiteRun(_model, transform, _tokenizer, [.. _chats.Take(ControlChats).Select(chat => chat.Example)], options, progress: null, _cancellation) { MostReaderSteps = Math.Min(ControlReaderSteps, MostReaderSteps) };
            run.Run(run.Readings());
            _figures.AddRange(run._figures
                .Where(row => row.Figure is "tokens" or "tokens, true prefix given" or "bits per token, true prefix given" && row.Level != "floor")
                .Select(row => row with { Attack = $"control {name}: {row.Attack}", Level = "control" }));
        }
    }

    /// <summary>A transform that adds noise of one standard deviation, in multiples of its scale, and nothing else.</summary>
    private StainedGlassTransform Control(double std) =>
        new(_model.EmbeddingTable, new TransformConfig { Std = new DirectStd { Min = std / 2, Max = std * 2, InitialStd = std }, Heads = _transform.Config.Heads }, _options.Seed);
}
