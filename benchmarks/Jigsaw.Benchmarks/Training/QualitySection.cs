using Jigsaw.Batches;
using Jigsaw.Data;
using Jigsaw.Models;
using Jigsaw.Models.Lora;
using Jigsaw.Steps;
using Jigsaw.Tokenization;
using Jigsaw.Training;
using Jigsaw.Transforms;
using Jigsaw.Transforms.Noise;
using Quickstart;
using static TorchSharp.torch;

namespace Jigsaw.Benchmarks.Training;

/// <summary>What the quick start's training costs until its result is there, in forwards of the bare model: its protection terms on every step or on every fourth, which gives the same result, and the teacher's clean pass from a cache, which gives the same losses.</summary>
internal static class QualitySection
{
    // Two periods of the terms on every fourth step.
    private const int Batches = 8;
    private const int BatchSize = 16;
    private const int Period = 4;
    private const int Steps = 2000;

    public static Table Run(Scale scale)
    {
        var folder = Directory.CreateTempSubdirectory("jigsaw-benchmark").FullName;
        try
        {
            using var model = CausalLM.Load(Scale.QuickstartModel, CPU, ScalarType.Float32);
            using var transform = new StainedGlassTransform(model.EmbeddingTable, new TransformConfig { Std = new TanhStd { Min = 1e-3, Max = 4, InitialRho = -1 } }, seed: 0);
            using var teacher = new NoisyTeacher(model);
            using var student = new NoisyStudent(model, new LoraConfig { Rank = 32, Alpha = 64 }, seed: 0);
            var tokenizer = new NoiseTokenizer(Tokenizer.Load(Scale.QuickstartModel)) { NoiseRoles = ["user"] };
            var source = new ChatBatches(ChatDataset.Read(Path.Combine(Scale.QuickstartModel, "data", "train.jsonl")), tokenizer, BatchSize, seed: 0);
            var batches = Enumerable.Range(0, Batches).Select(step => source.At(step)).ToArray();
            using var cache = new TeacherCache(folder, model);
            using var optimizer = JigsawOptimizer.AdamW(transform, student, 0);

            void Epoch(int every, TeacherCache? from)
            {
                var loss = QuickstartRecipe.Bind(teacher, student, QuickstartRecipe.Defaults with { CeProtectionEvery = every, CleanEmbeddingsGuardrailsEvery = every });
                teacher.Cache = from;
                for (var step = 0; step < Batches; step++)
                {
                    using var scope = NewDisposeScope();
                    loss.Step = step;
                    optimizer.zero_grad();
                    loss.RunStep(transform.Apply(batches[step]), batches[step].LossMask).Dispose();
                    optimizer.step();
                }

                teacher.Cache = null;
            }

            void Forward(TokenBatch batch)
            {
                using var scope = NewDisposeScope();
                using var grad = no_grad();
                _ = model.Head.Logits(model.Run(model.Embed(batch.InputIds), batch.AttentionMask).Last!);
            }

            var times = Timing.Medians(scale.Rounds, () => Array.ForEach(batches, Forward), () => Epoch(1, null), () => Epoch(1, cache), () => Epoch(Period, null), () => Epoch(Period, cache));
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
