using System.Globalization;
using Jigsaw.CommandLine.Output;
using Jigsaw.CommandLine.Running;
using Jigsaw.Inspection;

namespace Jigsaw.CommandLine.Verbs;

/// <summary><c>inspect</c>.</summary>
internal static class InspectVerb
{
    internal static int Run(RunContext context)
    {
        var directory = context.Settings.Inspected!;
        return File.Exists(Path.Combine(directory, "adapter_config.json")) ? OfAdapter(context, directory) : OfCheckpoint(context, directory);
    }

    private static int OfCheckpoint(RunContext context, string directory)
    {
        var summary = CheckpointSummary.Read(directory);
        List<IReadOnlyList<string>> rows = [];
        if (summary.Config is { } config)
        {
            rows.Add(["family", config.ModelType]);
            rows.Add(["layers", string.Create(CultureInfo.InvariantCulture, $"{config.LayerCount} of {config.HiddenSize} features, vocabulary {config.VocabularySize}, up to {config.MaxPositions} tokens")]);
        }

        rows.Add(["parameters", string.Create(CultureInfo.InvariantCulture, $"{summary.ParameterCount} in {summary.FileCount} files, {summary.ByteCount} bytes")]);
        rows.Add(["stored as", string.Join(", ", summary.ParametersByType.Select(type => type.Key))]);
        rows.Add(["tokenizer", summary.Tokenizer is null ? "none that can be read" : "there"]);
        rows.AddRange(summary.Problems.Select(problem => (IReadOnlyList<string>)["unsupported", problem]));
        context.Output.Show(new RunTable("checkpoint", directory, ["what", "is"], rows));
        return summary.Problems.Count == 0 ? JigsawExitCode.Success : JigsawExitCode.Error;
    }

    private static int OfAdapter(RunContext context, string directory)
    {
        var summary = AdapterSummary.Read(directory);
        context.Output.Show(new RunTable("adapter", directory, ["what", "is"],
        [
            ["base", summary.Config.BaseModel ?? "not named"],
            ["rank, alpha", string.Create(CultureInfo.InvariantCulture, $"{summary.Config.Rank}, {summary.Config.Alpha}")],
            ["modules", summary.Config.TargetPattern ?? string.Join(", ", summary.Config.TargetModules)],
            ["parameters", string.Create(CultureInfo.InvariantCulture, $"{summary.ParameterCount} in {summary.TensorCount} tensors")],
        ]));
        return JigsawExitCode.Success;
    }
}
