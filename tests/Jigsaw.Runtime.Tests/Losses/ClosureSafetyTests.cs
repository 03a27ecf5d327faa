using Jigsaw.Batches;
using Jigsaw.Compatibility;
using Jigsaw.CompilerServices;
using Jigsaw.Losses.Gradients;
using Jigsaw.Passes;
using TorchSharp;
using static TorchSharp.torch;

namespace Jigsaw.Runtime.Tests.Losses;

public sealed class ClosureSafetyTests
{
    public static TheoryData<CeTarget, bool, bool> Programs => new()
    {
        { CeTarget.Soft, true, true },
        { CeTarget.Hard, true, true },
        { CeTarget.Soft, true, false },
        { CeTarget.Hard, false, true },
        { CeTarget.Soft, false, false },
    };

    [Theory]
    [MemberData(nameof(Programs))]
    public void Every_term_runs_on_meta_where_a_wait_throws(CeTarget target, bool packed, bool layer)
    {
        using var scope = NewDisposeScope();
        var step = new Step(META, packed);
        var program = Everything(target, layer);
        var loss = program.Compute(step.Activations, step.LossMask, out var components);
        loss.backward();
        Assert.Equal(DeviceType.META, loss.device_type);
        Assert.Equal(program.Keys, components.Keys);
        Assert.All(step.Inputs, input => Assert.Equal(DeviceType.META, input.grad!.device_type));
        Assert.ThrowsAny<Exception>(() => loss.item<float>());
        Assert.ThrowsAny<Exception>(() => loss.cpu().item<float>());
    }

    [CudaFact]
    public void Every_term_runs_on_cuda()
    {
        using var scope = NewDisposeScope();
        foreach (var (target, packed, layer) in (ReadOnlySpan<(CeTarget, bool, bool)>)[(CeTarget.Soft, true, true), (CeTarget.Hard, false, false)])
        {
            var (host, device) = (new Step(CPU, packed), new Step(CUDA, packed));
            var expected = Everything(target, layer).Compute(host.Activations, host.LossMask, out _);
            var loss = Everything(target, layer).Compute(device.Activations, device.LossMask, out _);
            expected.backward();
            loss.backward();
            Assert.Equal(expected.item<float>(), loss.cpu().item<float>(), 1e-4f);
            foreach (var (own, other) in host.Inputs.Zip(device.Inputs))
            {
                Steps.Near(own.grad!, other.grad!.cpu(), 1e-4, "the gradient");
            }
        }
    }

    [Fact]
    public void A_mask_of_another_device_is_refused_where_libtorch_says_nothing()
    {
        using var scope = NewDisposeScope();
        var step = new Step(META, packed: true);
        var stray = RowMask.FromHost(new bool[6], 2, 3, CPU);

        // libtorch silently accepts the stray index and the stray matrix on this device.
        _ = zeros([6, 4], device: META).index(TensorIndex.Tensor(stray.Rows!));
        _ = zeros([6, 4], device: META).addmm_(zeros([6, 2], device: META), zeros(2, 4));

        var exception = Assert.Throws<ArgumentException>(() => Everything(CeTarget.Soft, true).Compute(step.Activations, stray, out _));
        Assert.Contains("cpu", exception.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => PairLoss.Begin(step.Inputs[0], step.Inputs[0]).NormalizedL2(stray).Value());
        Assert.Throws<ArgumentException>(() => JigsawLosses.MutualInformationSubBatch(step.Inputs[0], zeros(2, 3, 4), step.Inputs[0], step.Inputs[0], step.LossMask, true));
    }

    [Fact]
    public void A_head_of_another_device_is_refused_where_libtorch_says_nothing()
    {
        using var scope = NewDisposeScope();
        var step = new Step(META, packed: true, headDevice: CPU);
        var exception = Assert.Throws<ArgumentException>(() => Everything(CeTarget.Soft, true).Compute(step.Activations, step.LossMask, out _));
        Assert.Contains("head.Weight is on cpu", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_second_derivative_is_refused_in_a_sentence()
    {
        using var scope = NewDisposeScope();
        var step = new Step(CPU, packed: true);
        var loss = Everything(CeTarget.Soft, false).Compute(step.Activations, step.LossMask, out _);
        loss.backward(create_graph: true);
        Assert.Contains(step.Inputs, input => input.grad!.isnan().any().item<bool>());
        var exception = Assert.Throws<InvalidOperationException>(() => Everything(CeTarget.Soft, false).Compute(step.Activations, step.LossMask, out _));
        Assert.Contains("create_graph", exception.Message, StringComparison.Ordinal);
        _ = Everything(CeTarget.Soft, false).Compute(step.Activations, step.LossMask, out _);
    }

    [Fact]
    public void A_backward_that_fails_says_so_in_a_sentence()
    {
        using var scope = NewDisposeScope();
        var input = zeros(2, 3, 4).requires_grad_();

        // A gradient for a row that doesn't exist: an exception in a backward would end the process.
        var loss = KnownGradient.Attach(zeros([]), [new KnownGradient.Part(input, ones(1, 4), 1, full([1], 99L, dtype: ScalarType.Int64))]);
        loss.backward();
        Assert.Null(input.grad);
        var step = new Step(CPU, packed: true);
        var exception = Assert.Throws<InvalidOperationException>(() => Everything(CeTarget.Soft, false).Compute(step.Activations, step.LossMask, out _));
        Assert.Contains("backward of a jigsaw loss failed", exception.Message, StringComparison.Ordinal);
        _ = Everything(CeTarget.Soft, false).Compute(step.Activations, step.LossMask, out _);
    }

    [Fact]
    public void A_graph_that_is_kept_can_be_walked_twice()
    {
        using var scope = NewDisposeScope();
        var step = new Step(CPU, packed: true);
        var loss = Everything(CeTarget.Hard, true).Compute(step.Activations, step.LossMask, out _);
        loss.backward(retain_graph: true);
        var once = step.Inputs.Select(input => input.grad!.clone()).ToArray();
        loss.backward();
        foreach (var (first, input) in once.Zip(step.Inputs))
        {
            Steps.Near(2 * first, input.grad, 1e-6, "the gradient");
        }
    }

    [Fact]
    public void A_disposed_input_is_named()
    {
        using var scope = NewDisposeScope();
        var step = new Step(CPU, packed: true);
        step.Inputs[0].Dispose();
        var exception = Assert.Throws<ObjectDisposedException>(() => Everything(CeTarget.Soft, true).Compute(step.Activations, step.LossMask, out _));
        Assert.Contains("dispose scope", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_threads_at_once_get_what_each_gets_alone()
    {
        static float[] Run(int seed)
        {
            var losses = new float[20];
            for (var i = 0; i < losses.Length; i++)
            {
                using var scope = NewDisposeScope();
                var step = new Step(CPU, packed: true, seed: seed + i);
                var loss = Everything(CeTarget.Soft, true).Compute(step.Activations, step.LossMask, out _);
                loss.backward();
                losses[i] = loss.item<float>() + step.Inputs.Sum(input => input.grad!.sum().item<float>());
            }

            return losses;
        }

        var alone = Enumerable.Range(0, 4).Select(i => Run(100 * i)).ToArray();
        var together = new float[4][];
        var threads = Enumerable.Range(0, 4).Select(i => new Thread(() => together[i] = Run(100 * i))).ToArray();
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());
        for (var i = 0; i < alone.Length; i++)
        {
            Assert.All(alone[i].Zip(together[i]), pair => Assert.Equal(pair.First, pair.Second, 1e-4f));
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Every_term_of_another_stage_is_zero_and_reads_nothing(bool layer)
    {
        using var scope = NewDisposeScope();
        using var step = new Step(CPU, packed: true);
        var elsewhere = new StepActivations(step.Activations.Batch) { Stage = new StepStage([], IsLast: false) };

        var loss = Everything(CeTarget.Soft, layer).Compute(elsewhere, step.LossMask, out var components);

        Assert.Equal(0, loss.item<float>());
        Assert.All(components.Read().Values, value => Assert.Equal(0, value));
        components.Dispose();
    }

    internal static LossProgram Everything(CeTarget target, bool layer) => new(ReflectedRecipe.Of(
        layer ? 0 : null,
        0.3,
        target,
        typeof(LossTerm).GetNestedTypes()
            .Select(type => ReflectedRecipe.Term(type, 0.5, typeof(MaximizedTermAttribute).IsAssignableFrom(type) ? [("MaxLoss", 5.0)] : []))
            .Where(term => layer || term.Definition!.Place != TermPlace.Layer)));

    internal sealed class Step : IDisposable
    {
        internal Step(Device device, bool packed, Device? headDevice = null, int seed = 0)
        {
            var steps = new Steps(seed, ScalarType.Float32, device);
            RowMask Mask(double share)
            {
                var bits = steps.Bits(6, share);
                bits[0] = bits[3] = true;
                return steps.Mask(bits, 2, 3, packed);
            }

            Tensor Numbers() => steps.Numbers(2, 3, 4).requires_grad_();
            (LossMask, AttentionMask, NoiseMask) = (Mask(0.5), Mask(0.8), Mask(0.6));
            Head = new LanguageModelHead(new Steps(seed + 1, ScalarType.Float32, headDevice ?? device).Numbers(23, 4));
            Hidden = [steps.Numbers(2, 3, 4), Numbers(), Numbers(), Numbers()];
            Layers = [steps.Numbers(2, 3, 4), Numbers(), Numbers(), Numbers()];
            Embeddings = [Numbers(), Numbers(), Numbers(), (steps.Numbers(2, 3, 4).square() + 0.1).requires_grad_()];
            Activations = Steps.Of(AttentionMask, NoiseMask, Embeddings[0], Embeddings[1], Embeddings[2], Embeddings[3], Head, [.. Enum.GetValues<Pass>().Select(pass => (pass, (Tensor?)Hidden[(int)pass], (Tensor?)Layers[(int)pass]))]);
        }

        internal StepActivations Activations { get; }

        internal RowMask LossMask { get; }

        internal Tensor[] Inputs => [.. Embeddings, .. Hidden.Skip(1)];

        private RowMask AttentionMask { get; }

        private RowMask NoiseMask { get; }

        private LanguageModelHead Head { get; }

        private Tensor[] Hidden { get; }

        private Tensor[] Layers { get; }

        private Tensor[] Embeddings { get; }

        public void Dispose()
        {
            foreach (var tensor in Hidden.Concat(Layers).Concat(Embeddings).Append(Head.Weight))
            {
                tensor.Dispose();
            }

            LossMask.Dispose();
            AttentionMask.Dispose();
            NoiseMask.Dispose();
        }
    }
}
