using Jigsaw.Batches;
using Jigsaw.Models;
using Jigsaw.Models.Decoder;
using Jigsaw.Models.Lora;
using Jigsaw.Runtime.Tests.Training;
using Jigsaw.Tensors;
using Jigsaw.Transforms;
using Jigsaw.Transforms.Noise;
using static TorchSharp.torch;

namespace Jigsaw.Runtime.Tests.Models;

/// <summary>Beyond 1024 tokens attention goes block by block; of 1100 tokens the first 1000 are those of a run at once.</summary>
public sealed class LongSequenceTests : IDisposable
{
    private const int Long = 1100;
    private const int Short = 1000;

    private readonly List<IDisposable> _owned = [];

    public void Dispose() => _owned.ForEach(one => one.Dispose());

    [Theory]
    [InlineData(null)]
    [InlineData(1)]
    [InlineData(200)]
    [InlineData(700)]
    public void Blocks_cover_each_row_once_and_all_that_it_sees(int? window)
    {
        using var scope = NewDisposeScope();
        var mask = ones([2, 700], dtype: ScalarType.Bool);
        mask[0].narrow(0, 0, 300).fill_(false);
        mask[1].narrow(0, 650, 50).fill_(false);
        var whole = new AttentionBlock(0, 700, 0, 700).Bias(mask, window, ScalarType.Float32);
        for (var row = 0; row < 700; row++)
        {
            for (var batch = 0; batch < 2; batch++)
            {
                var sees = whole[batch][0][row].eq(0).data<bool>().ToArray();
                var real = mask[batch].data<bool>().ToArray();
                Assert.Equal(Enumerable.Range(0, 700).Select(column => column == row || (column < row && real[column] && !(column <= row - window))), sees);
            }
        }

        foreach (var rows in (int[])[700, 513, 1])
        {
            var blocks = AttentionBlock.Of(rows, 700, window).ToArray();
            Assert.Equal(Enumerable.Range(0, rows), blocks.SelectMany(block => Enumerable.Range((int)block.Row, (int)block.Rows)));
            foreach (var block in blocks)
            {
                var of = whole.narrow(2, 700 - rows + block.Row, block.Rows);
                Assert.True(of.narrow(3, block.Column, block.Columns).eq(block.Bias(mask, window, ScalarType.Float32)).all().item<bool>());

                // No row sees anything outside.
                Assert.Equal(of.isfinite().sum().item<long>(), of.narrow(3, block.Column, block.Columns).isfinite().sum().item<long>());
            }
        }
    }

    [Theory]
    [InlineData("llama-gqa", true)]
    [InlineData("llama-gqa", false)]
    [InlineData("mistral", true)]
    [InlineData("qwen3", false)]
    public void Values_and_gradients_of_a_recorded_run_are_those_of_a_run_at_once(string family, bool left)
    {
        using var model = CausalLM.Load(TestData.Path("models", family), CPU, ScalarType.Float64);
        using var adapters = LoraAdapters.Create(model, new LoraConfig { Rank = 2 }, 1);
        using var scope = NewDisposeScope();
        manual_seed(3);
        foreach (var (_, parameter) in adapters.NamedParameters)
        {
            using var grad = no_grad();
            parameter.add_(randn(parameter.shape, dtype: parameter.dtype) * 0.05);
        }

        var (embeddings, mask) = (randn([2, Long, model.Config.HiddenSize], dtype: ScalarType.Float64), Mask(left));
        var weights = randn([2, Short, model.Config.HiddenSize], dtype: ScalarType.Float64) * mask.narrow(1, 0, Short).unsqueeze(-1);
        var once = Run(Short);
        var blocks = Run(Long);
        Near(once.Last, blocks.Last, 1e-9);
        Near(once.Input, blocks.Input, 1e-9);
        Assert.All(once.Adapters.Zip(blocks.Adapters), pair => Near(pair.First, pair.Second, 1e-6));
        Assert.Contains(once.Adapters, gradient => gradient.abs().max().to(ScalarType.Float64).item<double>() > 1e-3);

        // And without a record, with a graph and without.
        using (var none = no_grad())
        {
            var run = model.Run(embeddings, RowMask.FromTensor(mask), adapters, layer: 1);
            Near(once.Last, Real(run.Last!), 1e-9);
        }

        var leaf = embeddings.clone().requires_grad_();
        (model.Run(leaf, RowMask.FromTensor(mask), adapters).Last!.narrow(1, 0, Short) * weights).sum().backward();
        Near(once.Input, Real(leaf.grad!), 1e-9);

        Tensor Real(Tensor tensor) => tensor.narrow(1, 0, Short) * mask.narrow(1, 0, Short).unsqueeze(-1);

        (Tensor Last, Tensor Input, Tensor[] Adapters) Run(int length)
        {
            foreach (var (_, parameter) in adapters.NamedParameters)
            {
                parameter.grad = null;
            }

            var records = new LayerRecords();
            Tensor last;
            Tensor input;
            using (var run = ((IRecordedModel)model).Record(embeddings.narrow(1, 0, length), RowMask.FromTensor(mask.narrow(1, 0, length)), adapters, layer: null, toEnd: true, wantsInput: true, records, rematerialize: false))
            {
                (run.States.Last!.narrow(1, 0, Short) * weights).sum().backward();
                (last, input) = (run.States.Last!.detach().clone(), run.Back()!.clone());
            }

            records.Clear();
            return (Real(last), Real(input), [.. adapters.NamedParameters.Select(parameter => parameter.Value.grad!.clone())]);
        }
    }

    [Theory]
    [InlineData(ScalarType.Float32, 2e-5)]
    [InlineData(ScalarType.BFloat16, 0.06)]
    public void A_step_on_a_long_sequence_has_the_gradients_of_the_closures(ScalarType type, double tolerance)
    {
        foreach (var family in (string[])["llama-gqa", "mistral"])
        {
            var step = new BoundStep(_owned, family, type: type, batches: vocabulary => new RandomBatches(vocabulary, rows: 1, length: Long));
            step.Compare(() => HeldTogetherRecipe.Bind(step.Teacher, step.Student), tolerance);
            var kept = step.PassByPass(() => HeldTogetherRecipe.Bind(step.Teacher, step.Student));
            var again = step.PassByPass(() => HeldTogetherRecipe.Bind(step.Teacher, step.Student), rematerialize: true);
            Assert.Equal(kept.Values, again.Values);
            Assert.All(kept.Gradients, gradient => Assert.True(gradient.Value.eq(again.Gradients[gradient.Key]).all().item<bool>(), gradient.Key));
        }
    }

    [Fact]
    public void A_long_sequence_runs_on_meta()
    {
        var step = new BoundStep(_owned, "mistral", batches: vocabulary => new RandomBatches(vocabulary, rows: 1, length: Long, device: META), device: META);
        using var components = EverythingRecipe.Bind(step.Teacher, step.Student).RunStep(step.Apply(), step.Batch.LossMask);
        Assert.Equal(TorchSharp.DeviceType.META, components.Values.device_type);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_transform_of_a_long_sequence_is_that_of_its_beginning(bool left)
    {
        using var scope = NewDisposeScope();
        using var model = CausalLM.Load(TestData.Path("models", "llama-gqa"), CPU, ScalarType.Float32);
        using var transform = new StainedGlassTransform(model.EmbeddingTable, new TransformConfig { Std = new TanhStd { InitialRho = -1 } }, seed: 1);
        manual_seed(3);
        using (no_grad())
        {
            foreach (var parameter in transform.Parameters.Where(parameter => parameter.IsHead))
            {
                parameter.Value.add_(randn(parameter.Value.shape) * 0.1);
            }
        }

        var (ids, real) = (randint(3, model.EmbeddingTable.shape[0], [2, Long]), Mask(left));
        var embeddings = model.Embed(ids);
        var weights = randn([2, Short, embeddings.shape[2]]) * real.narrow(1, 0, Short).unsqueeze(-1);
        var (once, gradients) = Run(Short);
        var (blocks, others) = Run(Long);
        Near(once, blocks, 1e-5);
        Assert.All(gradients.Zip(others), pair => Near(pair.First, pair.Second, 1e-4));

        (Tensor Value, Tensor[] Gradients) Run(int length)
        {
            var host = real.narrow(1, 0, length).contiguous().data<bool>().ToArray();
            using var mask = RowMask.FromHost(host, 2, length, CPU);
            foreach (var parameter in transform.Parameters)
            {
                parameter.Value.grad = null;
            }

            var (means, stds) = transform.Moments(embeddings.narrow(1, 0, length), mask);
            var value = (means + stds).narrow(1, 0, Short) * weights;
            value.sum().backward();
            return (value.detach(), [.. transform.Parameters.Select(parameter => parameter.Value.grad!.clone())]);
        }
    }

    private static Tensor Mask(bool left)
    {
        var mask = ones([2, Long], dtype: ScalarType.Bool);
        mask[1].narrow(0, left ? 0 : Short - 40, left ? 40 : Long - Short + 40).fill_(false);
        return mask;
    }

    private static void Near(Tensor expected, Tensor actual, double tolerance)
    {
        var error = (expected - actual).abs().max().to(ScalarType.Float64).item<double>() / Math.Max(1e-3, expected.abs().max().to(ScalarType.Float64).item<double>());
        Assert.True(error <= tolerance, $"off by {error:g3}");
    }
}
