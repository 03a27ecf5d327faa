using System.Globalization;
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
        var tokens = run.Tokenizer.Tokenize(prompt.Messages, addGenerationPrompt: true, ignorePromptLoss: true, tools: prompt.Tools, documents: prompt.Documents, arguments: prompt.TemplateArguments).Ids.Count;
        if (run.Model.Config.MaxPositions is > 0 and var positions && (long)tokens + settings.MaxTokens > positions)
        {
            throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"The prompt has {tokens} tokens and --max-tokens is {settings.MaxTokens}, but the model has {positions} positions; give a shorter prompt, or fewer tokens."));
        }

        context.Output.Show(RunTables.Of(Trials.Converse(run.Model, run.Adapters, run.Transform, run.Tokenizer, prompt, [], settings.MaxTokens, context.Cancellation)));
        return JigsawExitCode.Success;
    }
}
