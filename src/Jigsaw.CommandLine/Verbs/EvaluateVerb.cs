using System.Text.Json;
using System.Text.Json.Nodes;
using Jigsaw.Checkpoints;
using Jigsaw.CommandLine.Measuring;
using Jigsaw.CommandLine.Running;
using Jigsaw.Data;
using Jigsaw.Evaluation.Attacks;

namespace Jigsaw.CommandLine.Verbs;

/// <summary><c>evaluate</c>.</summary>
internal static class EvaluateVerb
{
    /// <summary>The file in the folder of a run.</summary>
    internal const string FileName = "evaluation.json";

    private static readonly JsonSerializerOptions _indented = new() { WriteIndented = true };

    internal static int Run(RunContext context)
    {
        var settings = context.Settings;
        if (context.IsFirst)
        {
            AtomicFile.RequireWritable(settings.Output);
        }

        using var run = new TrainedRun(settings);
        var chats = ChatDataset.Read(settings.EvaluationData, settings.EvaluationChats);
        using var trials = new Trials(run.Model, run.Adapters, run.Transform, run.Tokenizer, chats);
        using var nearest = new NearestNeighborAttack(run.Model.EmbeddingTable);
        var result = trials.Measure([nearest], context.Processes);
        if (!context.IsFirst)
        {
            return JigsawExitCode.Success;
        }

        context.Output.Show(RunTables.Compare((Path.GetFileName(settings.Output), result)));

        if (settings.Chat)
        {
            ConversationFile.Write(settings.Output, trials.Converse([nearest], settings.MaxTokens, context.Cancellation));
            context.Output.Say($"A chat in plain text: {Path.Combine(settings.Output, ConversationFile.Name)}");
        }

        context.Output.Say($"The same figures: {Write(settings.Output, result, chats.Examples.Count)}");
        return JigsawExitCode.Success;
    }

    /// <summary>Writes what was measured into the folder of a run, and returns the file.</summary>
    internal static string Write(string folder, TrialResult result, int chats)
    {
        var file = Path.Combine(folder, FileName);
        AtomicFile.WriteText(file, ToJson(result, chats).ToJsonString(_indented) + "\n");
        return file;
    }

    private static JsonObject ToJson(TrialResult result, int chats) => new()
    {
        ["chats"] = chats,
        ["student_noisy_agreement"] = result.Agreement[Pass.StudentNoisy],
        ["student_noisy_kl"] = result.Divergence[Pass.StudentNoisy],
        ["teacher_noisy_agreement"] = result.Agreement[Pass.TeacherNoisy],
        ["teacher_noisy_kl"] = result.Divergence[Pass.TeacherNoisy],
        ["student_clean_agreement"] = result.Agreement[Pass.StudentClean],
        ["mean_std"] = result.Noise.MeanStd,
        ["mean_shift"] = result.Noise.MeanShift,
        ["attacks"] = new JsonArray([.. result.Attacks.Select(attack => (JsonNode)new JsonObject
        {
            ["attack"] = attack.Attack,
            ["tokens"] = attack.TokenAccuracy,
            ["ten_best"] = attack.TopTenAccuracy,
            ["facts"] = attack.FactRecall,
        })]),
    };
}
