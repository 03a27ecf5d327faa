using Jigsaw.CommandLine.Running;

namespace Jigsaw.CommandLine.Verbs;

/// <summary><c>export</c>.</summary>
internal static class ExportVerb
{
    internal static int Run(RunContext context)
    {
        var settings = context.Settings;
        using var run = new TrainedRun(settings);
        var to = settings.To ?? Path.Combine(settings.Output, "export");
        var (transform, model) = (Path.Combine(to, "transform"), Path.Combine(to, settings.Merge ? "model" : "adapter"));
        run.Transform.Save(transform);
        if (settings.Merge)
        {
            run.Model.Export(model, run.Adapters);
        }
        else
        {
            run.Adapters.Save(model);
        }

        context.Output.Say($"The transform, which stays with who owns the prompts: {transform}");
        context.Output.Say($"{(settings.Merge ? "The checkpoint with the adapters merged" : "The adapters, in PEFT's format")}, for the server: {model}");
        return JigsawExitCode.Success;
    }
}
