using Jigsaw.Training;
using TorchSharp;

namespace Jigsaw.Benchmarks.Steps;

/// <summary>Peak memory of a step on one row of a growing length.</summary>
internal static class LongSection
{
    public static Table Run(Scale scale)
    {
        var table = new Table("A step on one row of a growing length", "tokens", "recipe", "step ms", "extra peak MB", "÷ that of 512 tokens", "estimated MB", "layers rematerialized: extra peak MB");
        var first = (Performance: 0.0, Guarded: 0.0);
        foreach (var tokens in (ReadOnlySpan<int>)[512, 1024, 2048, 4096])
        {
            using var work = new StepWork(scale.Model, torch.ScalarType.Float32, scale.Device, chats: 1, tokens);
            Row("performance: 2 forwards, 1 backward", rematerialize => work.Step(work.Performance, rematerialize), StepMemory.Of(work.Performance(), work.Transform, 1, tokens), ref first.Performance);
            Row("guarded: 4 forwards, 3 backwards", rematerialize => work.Step(work.Guarded, rematerialize), StepMemory.Of(work.Guarded(), work.Transform, 1, tokens), ref first.Guarded);

            void Row(string name, Action<bool> step, StepMemory estimate, ref double shortest)
            {
                step(false);
                var time = Timing.Medians(scale.Rounds, () => step(false))[0];
                var (peak, rematerialized) = (Peak(work, () => step(false)), Peak(work, () => step(true)));
                shortest = shortest == 0 ? peak : shortest;
                table.Add($"{tokens}", name, Table.Time(time), $"{peak:f0}", $"{peak / shortest:f1}", $"{(estimate.Total - estimate.Weights - estimate.Trained) / 1e6:f0}", $"{rematerialized:f0}");
            }
        }

        return table;
    }

    private static double Peak(StepWork work, Action step)
    {
        work.Release();
        return PeakMemory.Of(step);
    }
}
