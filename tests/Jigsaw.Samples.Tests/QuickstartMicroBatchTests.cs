using Jigsaw.Data;
using Jigsaw.Models;
using Jigsaw.Models.Lora;
using Jigsaw.Steps;
using Jigsaw.Tokenization;
using Jigsaw.Transforms;
using Jigsaw.Transforms.Noise;
using Quickstart;
using TorchSharp;

namespace Jigsaw.Samples.Tests;

/// <summary>The recipes of the quick start on its model and its chats.</summary>
public sealed class QuickstartMicroBatchTests
{
    private static readonly string _checkpoint = Path.Combine(AppContext.BaseDirectory, "models", "support-lm");

    private static readonly Dictionary<string, Func<NoisyTeacher, NoisyStudent, BoundLoss>> _recipes = new()
    {
        ["quick start"] = QuickstartRecipe.Bind,
        ["every token"] = EveryTokenRecipe.Bind,
        ["original terms"] = OriginalTermsRecipe.Bind,
    };

    public static TheoryData<string> Recipes() => [.. _recipes.Keys];

    [Theory]
    [MemberData(nameof(Recipes))]
    public void A_step_in_micro_batches_is_one_with_all_rows(string recipe)
    {
        using var model = CausalLM.Load(_checkpoint, torch.CPU, torch.ScalarType.Float32);
        using var transform = new StainedGlassTransform(model.EmbeddingTable, new TransformConfig { Std = new TanhStd { Max = 4, InitialRho = -1 } }, seed: 0);
        using var teacher = new NoisyTeacher(model);
        using var student = new NoisyStudent(model, new LoraConfig { Rank = 4 });
        var tokenizer = new NoiseTokenizer(Tokenizer.Load(_checkpoint)) { NoiseRoles = ["user"] };
        var loss = _recipes[recipe](teacher, student);
        using var batch = new ChatBatches(ChatDataset.Read(Path.Combine(_checkpoint, "data", "eval.jsonl"), 4), tokenizer, batchSize: 4, seed: 0).At(0);

        // The ramps of the quick start's recipe rise from 90 to 900; some of its terms are on every second step, and some on every eighth.
        foreach (var step in (int[])[400, 1001])
        {
            loss.Step = step;
            var (values, gradients) = Run(batch.BatchSize);
            foreach (var rows in (int[])[1, 3])
            {
                var (found, foundGradients) = Run(rows);
                Assert.Equal(values.Keys, found.Keys);
                Assert.All(values, component => Assert.Equal(component.Value, found[component.Key], 2e-6 * Math.Max(1, Math.Abs(component.Value))));
                Assert.InRange(gradients.Zip(foundGradients).Max(pair => Math.Abs(pair.First - pair.Second)) / gradients.Max(Math.Abs), 0, 2e-6);
            }
        }

        (IReadOnlyDictionary<string, double> Values, float[] Gradients) Run(int rows)
        {
            using var scope = torch.NewDisposeScope();
            torch.Tensor[] trained = [.. student.Adapters.NamedParameters.Select(parameter => parameter.Value), .. transform.Network.parameters()];
            foreach (var parameter in trained)
            {
                parameter.grad?.zero_();
            }

            transform.Samples = 3;
            using var components = loss.RunStepInParts(transform.Apply(batch), batch.LossMask, rows);
            return (components.Read(), [.. trained.Where(parameter => parameter.grad is not null).SelectMany(parameter => parameter.grad!.data<float>().ToArray())]);
        }
    }
}
