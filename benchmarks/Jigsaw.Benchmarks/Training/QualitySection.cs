using Jigsaw.Steps;
using Jigsaw.Training;
using Quickstart;
using static TorchSharp.torch;

namespace Jigsaw.Benchmarks.Training;

/// <summary>What the quick start's training costs until its result is there, in forwards of the bare model: its protection terms on every step or on every eighth, and the teacher's clean pass from a cache that is full, as in a run of several epochs.</summary>
internal static class QualitySection
{
    // Two periods of the terms on every eighth step.
    private const int Batches = 16;
    private const int BatchSize = 16;
    private const int Period = 8;
    private const int Steps = 2150;

    public static Table Run(Scale scale)
    {
        var folder = Directory.CreateTempSubdirectory("jigsaw-benchmark").FullName;
        try
        {
            using var work = new ChatWork(Scale.QuickstartModel, rank: 32, BatchSize, seed: 0);
            var batches = Enumerable.Range(0, Batches).Select(step => work.Batches.At(step)).ToArray();
            using var cache = new TeacherCache(folder, work.Model);
            using var optimizer = JigsawOptimizer.Muon(JigsawOptimizer.Groups(work.Transform, work.Student), 0);

            void Epoch(int every, TeacherCache? from)
            {
                var loss = QuickstartRecipe.Bind(work.Teacher, work.Student, QuickstartRecipe.Defaults with { CeProtectionEvery = every, CleanEmbeddingsGuardrailsEvery = every });
                work.Teacher.Cache = from;
                for (var step = 0; step < Batches; step++)
                {
                    using var scope = NewDisposeScope();
                    loss.Step = step;
                    optimizer.zero_grad();
                    loss.RunStep(work.Transform.Apply(batches[step]), batches[step].LossMask).Dispose();
                    optimizer.step();
                }

                work.Teacher.Cache = null;
            }

            var times = Timing.Medians(scale.Rounds, () => Array.ForEach(batches, work.Forward), () => Epoch(1, null), () => Epoch(1, cache), () => Epoch(Period, null), () => Epoch(Period, cache));
            var table = new Table($"Time to the quick start's result: {Steps} steps of {BatchSize} chats, measured on {Batches} of them", "protection terms", "teacher's clean pass", "step ms", "÷ forward", $"{Steps} steps, forwards", "÷ first row");
            (string Terms, string Pass)[] cases = [("on every step", "computed"), ("on every step", "cached"), ($"on every {Period}th step", "computed"), ($"on every {Period}th step", "cached")];
            foreach (var ((terms, pass), time) in cases.Zip(times.Skip(1)))
            {
                table.Add(terms, pass, Table.Time(time / Batches), $"{time / times[0]:f2}", $"{Steps * time / times[0]:f0}", $"{time / times[1]:f2}");
            }

            Array.ForEach(batches, batch => batch.Dispose());
            return table;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
