using Jigsaw.CommandLine.Running;

namespace Jigsaw.CommandLine.Verbs;

/// <summary><c>train</c>.</summary>
internal static class TrainVerb
{
    internal static int Run(RunContext context)
    {
        TrainingRun.RequireFolder(context);
        using var session = new RunSession(context.Settings);
        TrainingRun.Introduce(context, session);
        TrainingRun.Train(context, session);
        return JigsawExitCode.Success;
    }
}
