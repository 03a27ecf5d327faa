using Jigsaw.CommandLine.Measuring;
using Jigsaw.CommandLine.Running;
using Jigsaw.Data;
using Jigsaw.Tokenization;

namespace Jigsaw.CommandLine.Verbs;

/// <summary><c>generate</c>.</summary>
internal static class GenerateVerb
{
    internal static int Run(RunContext context)
    {
        var settings = context.Settings;
        using var run = new TrainedRun(settings);
        var prompt = settings.Prompt is { } told
            ? new ChatExample([new ChatMessage("user", told)], new Dictionary<string, string>())
            : Trials.PromptOf(ChatDataset.Read(settings.EvaluationData, 1).Examples[0]);
        context.Output.Show(RunTables.Of(Trials.Converse(run.Model, run.Adapters, run.Transform, run.Tokenizer, prompt, [], settings.MaxTokens)));
        return JigsawExitCode.Success;
    }
}
