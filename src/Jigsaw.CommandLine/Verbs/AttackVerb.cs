using Jigsaw.Checkpoints;
using Jigsaw.CommandLine.Measuring;
using Jigsaw.CommandLine.Options;
using Jigsaw.CommandLine.Running;
using Jigsaw.Data;
using Jigsaw.Evaluation.Attacks;

namespace Jigsaw.CommandLine.Verbs;

/// <summary><c>attack</c>.</summary>
internal static class AttackVerb
{
    internal static int Run(RunContext context)
    {
        var settings = context.Settings;
        if (settings.Attacks == AttackSet.None)
        {
            throw new UsageException("--attacks is none, so there is nothing to run; use default or all.");
        }

        if (context.IsFirst)
        {
            AtomicFile.RequireWritable(settings.Output);
        }

        using var run = new TrainedRun(settings);
        SuiteStage.Run(context, run.Model, run.Adapters, run.Transform, run.Tokenizer, ChatDataset.Read(settings.EvaluationData, settings.EvaluationChats), RunData.Known(context));
        return JigsawExitCode.Success;
    }
}
