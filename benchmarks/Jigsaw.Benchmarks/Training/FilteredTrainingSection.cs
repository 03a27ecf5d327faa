using System.Diagnostics.Metrics;
using Jigsaw.Evaluation.Metrics;
using Jigsaw.Steps;
using Jigsaw.Training;
using static TorchSharp.torch;

namespace Jigsaw.Benchmarks.Training;

/// <summary>A short training of a model of a large vocabulary on the quick start's chats, with a gradient filter and without, from the same seeds: what differs, and how many columns are left out. At the beginning of a training the student goes up and down by several points from one step to the next, so figures are means over the second half.</summary>
internal static class FilteredTrainingSection
{
    private const int Steps = 60;
    private const int EvaluateEvery = 6;
    private const int Chats = 4;
    private const int EvaluationChats = 20;

    public static Table Run(Scale scale)
    {
        var table = new Table(
            $"{Path.GetFileName(Path.TrimEndingDirectorySeparator(scale.Model))} trained with a gradient filter and without: {Steps} steps of {Chats} chats, three seeds; means of {Steps / 2 / EvaluateEvery + 1} evaluations in the second half",
            "targets", "allowed error", "seed", "loss at the end", "student(noisy) agrees %", "lowest %", "highest %", "KL", "highest KL", "columns left out %", "in the last tenth of the steps %", "processor time s");
        foreach (var (isHard, allowed) in ((bool, double)[])[(true, 0.005), (false, 0.01)])
        {
            foreach (var seed in (ReadOnlySpan<long>)[0, 1, 2])
            {
                foreach (var filter in (ReadOnlySpan<double>)[0, allowed])
                {
                    var (loss, agreements, divergences, kept, seconds) = Train(scale.Model, isHard, filter, seed);
                    table.Add(
                        isHard ? "hard" : "soft",
                        filter == 0 ? "none" : $"{filter:0.000}",
                        $"{seed}",
                        $"{loss:0.000}",
                        $"{100 * agreements.Average():0.0}",
                        $"{100 * agreements.Min():0.0}",
                        $"{100 * agreements.Max():0.0}",
                        $"{divergences.Average():0.000}",
                        $"{divergences.Max():0.000}",
                        filter == 0 ? "" : $"{100 * (1 - kept.Average()):0}",
                        filter == 0 ? "" : $"{100 * (1 - kept.TakeLast(Math.Max(kept.Count / 10, 1)).Average()):0}",
                        $"{seconds:0}");
                }
            }
        }

        return table;
    }

    private static (double Loss, IReadOnlyList<double> Agreements, IReadOnlyList<double> Divergences, IReadOnlyList<double> Kept, double Seconds) Train(string directory, bool isHard, double filter, long seed)
    {
        using var work = new ChatWork(directory, rank: 8, Chats, seed);
        BoundLoss loss = isHard
            ? HardPerformanceRecipe.Bind(work.Teacher, work.Student, HardPerformanceRecipe.Defaults with { GradientFilter = filter })
            : SoftPerformanceRecipe.Bind(work.Teacher, work.Student, SoftPerformanceRecipe.Defaults with { GradientFilter = filter });
        var (losses, kept) = (new List<double>(), new List<double>());
        using var listener = new MeterListener { InstrumentPublished = Enable };
        listener.SetMeasurementEventCallback<double>((_, share, _, _) => kept.Add(share));
        listener.Start();
        var (agreements, divergences) = (new List<double>(), new List<double>());
        var time = TimeSpan.Zero;
        using (var trainer = new Trainer(loss, work.Transform, work.Batches, new TrainingOptions { Steps = Steps }))
        {
            var before = Environment.CpuUsage.TotalTime;
            trainer.Run(step =>
            {
                losses.Add(step.Loss);
                if (losses.Count < Steps / 2 || losses.Count % EvaluateEvery != 0)
                {
                    return;
                }

                time += Environment.CpuUsage.TotalTime - before;
                var (agreement, divergence) = Evaluate(work);
                agreements.Add(agreement);
                divergences.Add(divergence);
                before = Environment.CpuUsage.TotalTime;
            });
        }

        return (losses.TakeLast(Steps / 10).Average(), agreements, divergences, kept, time.TotalSeconds);
    }

    private static (double Agreement, double Divergence) Evaluate(ChatWork work)
    {
        using var grad = no_grad();
        var chats = ChatWork.Chats("eval.jsonl", EvaluationChats).Examples;
        using var batch = work.Tokenizer.ApplyChatTemplate([.. chats.Select(chat => chat.Messages)], ignorePromptLoss: true);
        var (agreement, divergence) = (new AgreementMetric(), new DivergenceMetric());
        MetricEvaluator.Run([agreement, divergence], work.Model, work.Student.Adapters, work.Transform, [batch]);
        return (agreement[Pass.StudentNoisy], divergence[Pass.StudentNoisy]);
    }

    private static void Enable(Instrument instrument, MeterListener listener)
    {
        if (instrument is { Meter.Name: "Jigsaw", Name: "jigsaw.gradient_filter.columns" })
        {
            listener.EnableMeasurementEvents(instrument);
        }
    }
}
