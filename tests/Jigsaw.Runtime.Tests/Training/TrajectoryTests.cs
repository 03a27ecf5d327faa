using Jigsaw.Batches;
using Jigsaw.Checkpoints;
using Jigsaw.Models;
using Jigsaw.Models.Lora;
using Jigsaw.Steps;
using Jigsaw.Training;
using Jigsaw.Transforms.Noise;
using TorchSharp;
using TorchSharp.Modules;
using Xunit.Abstractions;
using static TorchSharp.torch;

namespace Jigsaw.Runtime.Tests.Training;

/// <summary>
/// Twenty steps of a training that transformers, PEFT and PyTorch ran, with the noise of every step written down. Another attention
/// kernel ends within 5e-6 there; a wrong mask, decay, gradient path or clipping leaves the path at once.
/// </summary>
public sealed class TrajectoryTests(ITestOutputHelper output)
{
    private const double StdMin = 0.01;
    private const double StdMax = 2.0;
    private const int Steps = 20;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_training_follows_the_twenty_steps_of_transformers_and_peft(bool passByPass) => Follow(passByPass, CPU);

    [CudaTheory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_training_on_cuda_follows_the_twenty_steps_of_transformers_and_peft(bool passByPass) => Follow(passByPass, CUDA);

    private void Follow(bool passByPass, Device device)
    {
        using var scope = NewDisposeScope();
        using var truth = SafetensorsFile.Open(TestData.Path("trajectory", "trajectory.safetensors"));
        using var model = CausalLM.Load(TestData.Path("models", "llama-gqa"), device, ScalarType.Float32);
        using var student = new NoisyStudent(model, new LoraConfig { Rank = 4, Alpha = 8, TargetModules = ["q_proj", "v_proj", "down_proj"] });
        using var teacher = new NoisyTeacher(model);

        var trained = student.Adapters.NamedParameters.ToDictionary(parameter => "lora." + ShortKey(parameter.Name), parameter => parameter.Value);
        trained.Add("mu", new Parameter(truth.Read("start.mu").to(device)));
        trained.Add("rho", new Parameter(truth.Read("start.rho").to(device)));
        using (no_grad())
        {
            foreach (var (key, parameter) in trained)
            {
                parameter.copy_(truth.Read("start." + key));
            }
        }

        using var optimizer = JigsawOptimizer.AdamW(
            [
                new ParameterGroup { Name = "adapters", Parameters = [.. trained.Where(pair => pair.Key.StartsWith("lora.", StringComparison.Ordinal)).Select(pair => (pair.Key, pair.Value))] },
                new ParameterGroup { Name = "heads", Parameters = [("mu", trained["mu"]), ("rho", trained["rho"])], Decays = false },
            ],
            lr: 5e-3,
            beta1: 0.9,
            beta2: 0.95,
            weightDecay: 0.01);

        var (ids, eps) = (truth.Read("ids").to(device), truth.Read("eps").to(device));
        using var attention = HostMask(truth, "attention_mask", device);
        using var lossMask = HostMask(truth, "loss_mask", device);
        using var noiseMask = HostMask(truth, "noise_mask", device);
        var medianNorm = TransformFunctions.MedianNorm(model.EmbeddingTable);
        var jigsaw = TrajectoryRecipe.Bind(teacher, student);
        var norms = Host(truth.Read("grad_norm"));
        double worstCurve = 0, worstNorm = 0;
        for (var step = 0; step < Steps; step++)
        {
            using var stepScope = NewDisposeScope();
            var clean = model.Embed(ids);
            var means = trained["mu"].expand_as(clean);
            var stds = TransformFunctions.TanhStd(trained["rho"], StdMin, StdMax, shallow: 1).expand_as(clean);
            var noisy = new TransformedBatch
            {
                InputIds = ids,
                AttentionMask = attention,
                NoiseMask = noiseMask,
                Clean = clean,
                Noisy = TransformFunctions.Sample(clean, means, stds, eps[step], noiseMask.Value),
                Means = means,
                Stds = stds,
                StdMax = StdMax,
                MedianNorm = medianNorm,
            };
            optimizer.zero_grad();
            using var values = passByPass ? jigsaw.RunStep(noisy, lossMask) : Closures(jigsaw, noisy, lossMask);
            foreach (var (key, value) in values.Read())
            {
                if (truth.Entries.ContainsKey("curve." + key))
                {
                    var expected = Host(truth.Read("curve." + key))[step];
                    worstCurve = Math.Max(worstCurve, Math.Abs(value - expected) / Math.Max(1, Math.Abs(expected)));
                }
            }

            if (step == 0)
            {
                AssertClose(truth, "grad.", trained.ToDictionary(pair => pair.Key, pair => pair.Value.grad!));
            }

            var norm = nn.utils.clip_grad_norm_(trained.Values, 1.0);
            worstNorm = Math.Max(worstNorm, Math.Abs(norm - norms[step]) / norms[step]);
            optimizer.step();
        }

        output.WriteLine($"largest relative difference: components {worstCurve:e1}, gradient norm {worstNorm:e1}");
        Assert.True(worstCurve < 1e-4, $"a component is off by {worstCurve:e1}");
        Assert.True(worstNorm < 1e-4, $"a gradient norm is off by {worstNorm:e1}");
        AssertClose(truth, "end.", trained.ToDictionary(pair => pair.Key, pair => (Tensor)pair.Value));
    }

    private static TrajectoryRecipe.Components Closures(JigsawLoss<TrajectoryRecipe.Components, TrajectoryRecipe.Hyperparameters> jigsaw, TransformedBatch noisy, RowMask lossMask)
    {
        var (loss, components, _) = jigsaw;
        jigsaw.Teacher.Forward(noisy);
        jigsaw.Student.Forward(noisy);
        loss(lossMask).backward();
        return components();
    }

    private static RowMask HostMask(SafetensorsFile truth, string name, Device device)
    {
        using var mask = truth.Read(name);
        return RowMask.FromHost(mask.data<bool>().ToArray(), (int)mask.shape[0], (int)mask.shape[1], device);
    }

    private static float[] Host(Tensor values) => values.data<float>().ToArray();

    private static string ShortKey(string peftKey) => peftKey.Replace("base_model.model.", "", StringComparison.Ordinal);

    private void AssertClose(SafetensorsFile truth, string prefix, Dictionary<string, Tensor> found)
    {
        var worst = 0.0;
        foreach (var (key, value) in found)
        {
            var expected = truth.Read(prefix + key);
            var difference = (value.cpu() - expected).abs().max().ToDouble() / expected.abs().max().ToDouble();
            Assert.True(difference < 1e-4, $"{prefix}{key} is off by {difference:e1} of its largest entry");
            worst = Math.Max(worst, difference);
        }

        output.WriteLine($"largest difference of {prefix}*: {worst:e1} of the largest entry");
    }
}
