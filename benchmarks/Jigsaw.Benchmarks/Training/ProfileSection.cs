using System.Diagnostics;
using Jigsaw.Batches;
using Jigsaw.Models;
using Jigsaw.Training;
using static TorchSharp.torch;

namespace Jigsaw.Benchmarks.Training;

/// <summary>Where a training step of the quick start spends its time: by closures, as the original has it, and pass by pass.</summary>
internal static class ProfileSection
{
    private const int Steps = 30;

    public static Table Run(Scale scale)
    {
        using var work = new SupportWork(0, Steps, filter: 0);
        using var optimizer = JigsawOptimizer.AdamW(work.Transform, work.Student, 1e-4);
        var (before, after) = (new Phases(), new Phases());
        var (products, attention, head) = (0.0, 0.0, 0.0);
        for (var step = 0; step < Steps; step++)
        {
            using var scope = NewDisposeScope();
            using var batch = work.Batches.At(step);

            // The first steps allocate.
            var counts = step >= Steps / 5;
            using (before.Listen(counts))
            {
                ByClosures(work, batch, optimizer, before);
            }

            using (after.Listen(counts))
            {
                PassByPass(work, batch, optimizer, after);
            }

            if (counts)
            {
                products += Timed(() => Products(work.Model, batch));
                attention += Timed(() => Attention(work.Model, batch));
                head += Timed(() => _ = work.Model.Head.Logits(randn(1, (int)(batch.LossMask.Count ?? 0), work.Model.Config.HiddenSize)));
            }
        }

        var counted = Steps - (Steps / 5);
        var table = new Table($"One training step of the quick start by phase, mean of {counted} steps", "phase", "ms", "share %");
        foreach (var (name, phases) in (ReadOnlySpan<(string, Phases)>)[("by closures", before), ("pass by pass", after)])
        {
            var total = phases.Sums.Values.Sum();
            foreach (var (phase, sum) in phases.Sums)
            {
                table.Add($"{name}: {phase}", $"{sum / counted:f1}", $"{100 * sum / total:f0}");
            }

            table.Add($"{name}: all", $"{total / counted:f1}", "100");
        }

        table.Add("the matrix products of one pass's layers, alone", $"{products / counted:f1}", "");
        table.Add("the attention of one pass, alone", $"{attention / counted:f1}", "");
        table.Add("one product of the head over the counted rows, alone", $"{head / counted:f1}", "");
        return table;
    }

    private static void ByClosures(SupportWork work, TokenBatch batch, optim.Optimizer optimizer, Phases phases)
    {
        var (loss, components, _) = SupportRecipe.Bind(work.Teacher, work.Student, SupportRecipe.Defaults with { GradientFilter = 0 });
        var noisy = work.Transform.Apply(batch);
        optimizer.zero_grad();
        phases.Add("forward of the teacher, both passes", () => work.Teacher.Forward(noisy));
        phases.Add("forward of the student, both passes", () => work.Student.Forward(noisy));
        Tensor? value = null;
        phases.Add("loss, with the gradients of its terms", () => value = loss(batch.LossMask));
        phases.Add("backward of everything", () => value!.backward());
        phases.Add("read components", () => components().Read());
        phases.Add("optimizer", () => optimizer.step());
    }

    private static void PassByPass(SupportWork work, TokenBatch batch, optim.Optimizer optimizer, Phases phases)
    {
        var jigsaw = SupportRecipe.Bind(work.Teacher, work.Student, SupportRecipe.Defaults with { GradientFilter = 0 });
        optimizer.zero_grad();
        using var components = jigsaw.RunStep(work.Transform.Apply(batch), batch.LossMask);
        phases.Add("read components", () => components.Read());
        phases.Add("optimizer", () => optimizer.step());
    }

    private static void Products(CausalLM model, TokenBatch batch)
    {
        using var scope = NewDisposeScope();
        using var inference = no_grad();
        var inputs = new Dictionary<long, Tensor>();
        foreach (var weight in model.LinearWeights)
        {
            if (!inputs.TryGetValue(weight.shape[1], out var input))
            {
                inputs.Add(weight.shape[1], input = ones(batch.InputIds.numel(), weight.shape[1]));
            }

            input.mm(weight.t()).Dispose();
        }
    }

    private static void Attention(CausalLM model, TokenBatch batch)
    {
        using var scope = NewDisposeScope();
        using var inference = no_grad();
        var config = model.Config;
        var heads = ones(batch.InputIds.shape[0], config.HeadCount, batch.InputIds.shape[1], config.HeadDim);
        for (var layer = 0; layer < model.LayerCount; layer++)
        {
            nn.functional.scaled_dot_product_attention(heads, heads, heads, is_casual: true).Dispose();
        }
    }

    private static double Timed(Action action)
    {
        var clock = Stopwatch.StartNew();
        action();
        return clock.Elapsed.TotalMilliseconds;
    }

    /// <summary>Milliseconds by phase, of activities of the runtime and of actions.</summary>
    private sealed class Phases
    {
        private bool _counts;

        public Dictionary<string, double> Sums { get; } = [];

        public ActivityListener Listen(bool counts)
        {
            _counts = counts;
            var listener = new ActivityListener
            {
                ShouldListenTo = source => source.Name == "Jigsaw",
                Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
                ActivityStopped = activity => Count(activity.OperationName, activity.Duration.TotalMilliseconds),
            };
            ActivitySource.AddActivityListener(listener);
            return listener;
        }

        public void Add(string phase, Action action) => Count(phase, Timed(action));

        private void Count(string phase, double milliseconds) => Sums[phase] = Sums.GetValueOrDefault(phase) + (_counts ? milliseconds : 0);
    }
}
