using Jigsaw.Batches;
using Jigsaw.Steps;
using Jigsaw.Training;
using static TorchSharp.torch;

namespace Jigsaw.Benchmarks.Training;

/// <summary>The quick start's step with the teacher's clean pass from a cache and without, on its chats with their padding; and what rounding to bfloat16 changes.</summary>
internal static class CacheSection
{
    private const int Batches = 8;

    public static Table Run(Scale scale)
    {
        var folder = Directory.CreateTempSubdirectory("jigsaw-benchmark").FullName;
        try
        {
            using var work = new SupportWork(0, Batches, filter: 0);
            using var optimizer = JigsawOptimizer.AdamW(work.Transform, work.Student, 0);
            using var half = new TeacherCache(Path.Combine(folder, "half"), work.Model);
            using var single = new TeacherCache(Path.Combine(folder, "single"), work.Model, ScalarType.Float32);
            var batches = Enumerable.Range(0, Batches).Select(step => work.Batches.At(step)).ToArray();

            void Epoch(TeacherCache? cache, Action<TokenBatch> step)
            {
                work.Teacher.Cache = cache;
                Array.ForEach(batches, step);
                work.Teacher.Cache = null;
            }

            void Step(TokenBatch batch)
            {
                using var scope = NewDisposeScope();
                optimizer.zero_grad();
                work.Jigsaw.RunStep(work.Transform.Apply(batch), batch.LossMask).Dispose();
                optimizer.step();
            }

            var filling = 0;
            void Fill()
            {
                using var cache = new TeacherCache(Path.Combine(folder, $"filled-{filling++}"), work.Model);
                Epoch(cache, Step);
            }

            var times = Timing.Medians(scale.Rounds, () => Epoch(null, work.Forward), () => Epoch(null, Step), () => Epoch(half, Step), () => Epoch(single, Step), Fill);
            var tokens = batches.Sum(batch => batch.AttentionMask.Count ?? 0);
            var table = new Table($"The quick start's step with the teacher's clean pass from a cache: {Batches} batches of 16 chats, {tokens} tokens", "case", "step ms", "÷ forward", "÷ without", "cache MB", "largest change of the loss", "change of the gradient");
            string[] names = ["one forward", "without a cache", "with a cache, bfloat16", "with a cache, float32", "the epoch that fills it, bfloat16"];
            string[] sizes = ["", "", $"{half.Bytes / 1e6:f1}", $"{single.Bytes / 1e6:f1}", $"{half.Bytes / 1e6:f1}"];
            var whole = Measure(null);
            for (var i = 0; i < times.Length; i++)
            {
                var (loss, gradient) = i is 2 or 3 ? Change(whole, Measure(i == 2 ? half : single)) : (double.NaN, double.NaN);
                table.Add(names[i], Table.Time(times[i] / Batches), $"{times[i] / times[0]:f2}", i == 0 ? "" : $"{times[i] / times[1]:f2}", sizes[i], double.IsNaN(loss) ? "" : $"{loss:0.0e+0}", double.IsNaN(gradient) ? "" : $"{gradient:0.0e+0}");
            }

            Array.ForEach(batches, batch => batch.Dispose());
            return table;

            (double[] Losses, double[] Gradient) Measure(TeacherCache? cache)
            {
                var losses = new List<double>();
                optimizer.zero_grad();
                Epoch(cache, batch =>
                {
                    using var scope = NewDisposeScope();
                    work.Transform.Samples = 0;
                    using var components = work.Jigsaw.RunStep(work.Transform.Apply(batch), batch.LossMask);
                    losses.Add(components.Read()["composite_loss"]);
                });
                return ([.. losses], [.. optimizer.parameters().Select(parameter => parameter.grad).OfType<Tensor>().SelectMany(gradient => gradient.data<float>().ToArray()).Select(value => (double)value)]);
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static (double Loss, double Gradient) Change((double[] Losses, double[] Gradient) whole, (double[] Losses, double[] Gradient) cached)
    {
        static double Norm(IEnumerable<double> values) => Math.Sqrt(values.Sum(value => value * value));
        return (
            whole.Losses.Zip(cached.Losses, (one, other) => Math.Abs(one - other) / Math.Abs(one)).Max(),
            Norm(whole.Gradient.Zip(cached.Gradient, (one, other) => one - other)) / Norm(whole.Gradient));
    }
}
