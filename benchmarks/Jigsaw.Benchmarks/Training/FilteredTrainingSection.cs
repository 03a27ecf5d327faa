using System.Diagnostics;
using System.Diagnostics.Metrics;
using Jigsaw.Evaluation.Metrics;
using Jigsaw.Steps;
using Jigsaw.Training;

namespace Jigsaw.Benchmarks.Training;

/// <summary>A short training of a model of a large vocabulary on the quick start's chats, with a gradient filter and without, from the same seeds: what differs, and how many columns are left out.</summary>
internal static class FilteredTrainingSection
{
    private const int Steps = 30;
    private const int Chats = 4;
    private const int EvaluationChats = 20;

    public static Table Run(Scale scale)
    {
        var table = new Table(
            $"{Path.GetFileName(Path.TrimEndingDirectorySeparator(scale.Model))} trained with a gradient filter and without: {Steps} steps of {Chats} chats, three seeds",
            "targets", "allowed error", "seed", "loss at the end", "student(noisy) agrees %", "KL", "columns left out %", "in the last tenth of the steps %", "processor time s");
        foreach (var (isHard, allowed) in ((bool, double)[])[(true, 0.005), (false, 0.01)])
        {
            foreach (var seed in (ReadOnlySpan<long>)[0, 1, 2])
            {
                foreach (var filter in (ReadOnlySpan<double>)[0, allowed])
                {
                    var (loss, agreement, divergence, kept, seconds) = Train(scale.Model, isHard, filter, seed);
                    table.Add(
                        isHard ? "hard" : "soft",
                        filter == 0 ? "none" : $"{filter:0.000}",
                        $"{seed}",
                        $"{loss:0.000}",
                        $"{100 * agreement:0.0}",
                        $"{divergence:0.000}",
                        filter == 0 ? "" : $"{100 * (1 - kept.Average()):0}",
                        filter == 0 ? "" : $"{100 * (1 - kept.TakeLast(Math.Max(kept.Count / 10, 1)).Average()):0}",
                        $"{seconds:0}");
                }
            }
        }

        return table;
    }

    private static (double Loss, double Agreement, double Divergence, IReadOnlyList<double> Kept, double Seconds) Train(string directory, bool isHard, double filter, long seed)
    {
        using var work = new ChatWork(directory, rank: 8, Chats, seed);
        BoundLoss loss = isHard
            ? HardPerformanceRecipe.Bind(work.Teacher, work.Student, HardPerformanceRecipe.Defaults with { GradientFilter = filter })
            : SoftPerformanceRecipe.Bind(work.Teacher, work.Student, SoftPerformanceRecipe.Defaults with { GradientFilter = filter });
        var (losses, kept) = (new List<double>(), new List<double>());
        using var listener = new MeterListener { InstrumentPublished = Enable };
        listener.SetMeasurementEventCallback<double>((_, share, _, _) => kept.Add(share));
        listener.Start();
        using var process = Process.GetCurrentProcess();
        var before = process.TotalProcessorTime;
        using (var trainer = new Trainer(loss, work.Transform, work.Batches, new TrainingOptions { Steps = Steps }))
        {
            trainer.Run(step => losses.Add(step.Loss));
        }

        process.Refresh();
        var seconds = (process.TotalProcessorTime - before).TotalSeconds;
        var chats = ChatWork.Chats("eval.jsonl", EvaluationChats).Examples;
        using var batch = work.Tokenizer.ApplyChatTemplate([.. chats.Select(chat => chat.Messages)], ignorePromptLoss: true);
        var (agreement, divergence) = (new AgreementMetric(), new DivergenceMetric());
        MetricEvaluator.Run([agreement, divergence], work.Model, work.Student.Adapters, work.Transform, [batch]);
        return (losses.TakeLast(Math.Max(losses.Count / 10, 1)).Average(), agreement[Pass.StudentNoisy], divergence[Pass.StudentNoisy], kept, seconds);
    }

    private static void Enable(Instrument instrument, MeterListener listener)
    {
        if (instrument is { Meter.Name: "Jigsaw", Name: "jigsaw.gradient_filter.columns" })
        {
            listener.EnableMeasurementEvents(instrument);
        }
    }
}
