using Jigsaw.CommandLine.Options;
using Jigsaw.CommandLine.Running;
using Jigsaw.CommandLine.Sweeps;

namespace Jigsaw.CommandLine.Verbs;

/// <summary><c>trial</c>, which a sweep starts for each of its trials: trains or goes on, measures, and writes the figures. What is done is not done again.</summary>
internal static class TrialVerb
{
    /// <param name="context">What the verb runs with.</param>
    /// <param name="measures">The verbs that measure the trial.</param>
    /// <param name="from">The folder of the trial that this one goes on with; null for none.</param>
    internal static int Run(RunContext context, IReadOnlyList<string> measures, string? from)
    {
        var folder = context.Settings.Output;
        Directory.CreateDirectory(folder);
        FileStream reserved;
        try
        {
            reserved = new FileStream(Path.Combine(folder, "trial.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException)
        {
            context.Output.Fail($"Another process runs the trial in {folder}.");
            return JigsawExitCode.Busy;
        }

        using (reserved)
        {
            var resumed = context with { Settings = context.Settings with { Resume = true } };
            string[] figures = [.. measures.Select(measure => Path.Combine(folder, measure == "attack" ? Measuring.SuiteStage.FileName : EvaluateVerb.FileName))];
            if (!figures.Any(File.Exists))
            {
                if (from is not null)
                {
                    TrialStart.Copy(from, context.Settings);
                }

                TrainVerb.Run(resumed);
            }

            foreach (var (measure, file) in measures.Zip(figures).Where(measure => !File.Exists(measure.Second)))
            {
                context.Cancellation.ThrowIfCancellationRequested();
                _ = measure == "attack" ? AttackVerb.Run(resumed) : EvaluateVerb.Run(resumed);
            }

            TrialFile.Write(folder, ConfigurationFile.Parse(Path.Combine(folder, ProcessTrialRunner.OptionsName)));
            return JigsawExitCode.Success;
        }
    }
}
