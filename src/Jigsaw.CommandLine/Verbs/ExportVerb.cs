using Jigsaw.Checkpoints;
using Jigsaw.Client;
using Jigsaw.CommandLine.Options;
using Jigsaw.CommandLine.Running;
using Jigsaw.Gguf;

namespace Jigsaw.CommandLine.Verbs;

/// <summary><c>export</c>.</summary>
internal static class ExportVerb
{
    internal static int Run(RunContext context)
    {
        var settings = context.Settings;
        var to = settings.To ?? Path.Combine(settings.Output, "export");
        if (File.Exists(to) || File.Exists(Path.Combine(to, ConfigurationFile.Name)))
        {
            throw new ArgumentException($"--to is {to}, {(File.Exists(to) ? "a file" : "the folder of a run, whose transform and adapters would be written over")}; name another folder.");
        }

        AtomicFile.RequireWritable(to);
        using var run = new TrainedRun(settings);
        var transform = Path.Combine(to, "transform");
        run.Transform.Save(transform);
        context.Output.Say($"The transform, which stays with who owns the prompts: {transform}");
        if (settings.Client)
        {
            var bundle = Path.Combine(to, "client");
            ClientBundle.Export(settings.Model, transform, bundle, new NoiseScope { Roles = [.. settings.NoiseRoles] });
            context.Output.Say($"The bundle that sends transformed prompts, which stays there, too: {bundle}");
        }

        context.Output.Say($"{(settings.Merge ? "The model with the adapters merged" : "The adapters")}, {(settings.Gguf is null ? settings.Merge ? "a checkpoint" : "in PEFT's format" : "a GGUF file")}, for the server: {ForServer(run, to, settings.Merge, settings.Gguf)}");
        return JigsawExitCode.Success;
    }

    private static string ForServer(TrainedRun run, string to, bool merge, GgufType? type)
    {
        var path = Path.Combine(to, (merge ? "model" : "adapter") + (type is null ? "" : ".gguf"));
        switch (merge, type)
        {
            case (true, { } gguf):
                GgufExport.WriteModel(path, run.Model, gguf, run.Adapters);
                break;
            case (false, { } gguf):
                GgufExport.WriteAdapters(path, run.Model, run.Adapters, gguf);
                break;
            case (true, null):
                run.Model.Export(path, run.Adapters);
                break;
            default:
                run.Adapters.Save(path);
                break;
        }

        return path;
    }
}
