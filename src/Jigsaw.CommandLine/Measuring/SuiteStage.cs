using System.Globalization;
using Jigsaw.Checkpoints;
using Jigsaw.CommandLine.Running;
using Jigsaw.Data;
using Jigsaw.Evaluation.Attacks;
using Jigsaw.Models;
using Jigsaw.Models.Decoder;
using Jigsaw.Tokenization;
using Jigsaw.Transforms;

namespace Jigsaw.CommandLine.Measuring;

/// <summary>The attack suite, as an attacker would run it who owns the transform and the training's chats.</summary>
internal static class SuiteStage
{
    /// <summary>The file in the folder of a run.</summary>
    internal const string FileName = "attacks.json";

    /// <summary>Runs it, shows the figures that say most, and writes all of them.</summary>
    internal static void Run(RunContext context, CausalLM model, IAdapters adapters, StainedGlassTransform transform, NoiseTokenizer tokenizer, ChatDataset evaluation, ChatDataset train)
    {
        var settings = context.Settings;
        var options = new AttackSuiteOptions { Attacks = settings.Attacks, OtherChats = train.Examples, Adapters = adapters, Seed = settings.Seed };
        if (settings.Attacks == AttackSet.All)
        {
            options = options with { DecoyValues = [10, 100, 1000], SearchedChats = 40, Facts = 1000 };
        }

        options = options with
        {
            PosteriorChats = settings.PosteriorChats ?? options.PosteriorChats,
            SearchedChats = settings.SearchedChats ?? options.SearchedChats,
            Facts = settings.AttackedFacts ?? options.Facts,
            Candidates = settings.Candidates,
        };

        string? last = null;
        var report = AttackSuite.Run(
            model,
            transform,
            tokenizer,
            evaluation.Examples,
            options,
            (what, share) =>
            {
                // The steps of a trained attack are told by its name alone.
                var name = what.Split(',')[0];
                if (name != last && share < 1)
                {
                    context.Output.Say(string.Create(CultureInfo.InvariantCulture, $"Attacks: {name} ({share * 100:0} % done) …"));
                }

                last = name;
            },
            context.Cancellation);
        var file = Path.Combine(settings.Output, FileName);
        AtomicFile.WriteText(file, report.ToJson());
        context.Output.Show(RunTables.Of(report));
        foreach (var note in report.Notes.Concat(report.LeftOut.Select(pair => string.Create(CultureInfo.InvariantCulture, $"Left out: {pair.Value} {pair.Key}."))))
        {
            context.Output.Say(note);
        }

        context.Output.Say($"All figures, controls and intervals: {file}");
    }
}
