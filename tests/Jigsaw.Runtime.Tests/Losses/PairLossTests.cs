using CsCheck;
using Jigsaw.Batches;
using Jigsaw.CompilerServices;
using Jigsaw.Losses.Kernels;
using Jigsaw.Passes;
using TorchSharp;
using static TorchSharp.torch;

namespace Jigsaw.Runtime.Tests.Losses;

public sealed class PairLossTests
{
    private static readonly Gen<(int Seed, int Batch, int Sequence, int Features, bool[] Packed, bool[] Wanted, bool[] Chosen, bool Strided)> _cases =
        Gen.Select(Gen.Int[0, 1_000_000], Gen.Int[1, 4], Gen.Int[1, 4], Gen.Int[1, 5], Gen.Bool.Array[7], Gen.Int[0, 2].Select(i => new[] { i != 2, i != 1 }), Gen.Bool.Array[7], Gen.Bool);

    /// <summary>Each term on a pair: added, by its kernel alone, and written in the straightforward way, whose target is a constant if the term's is.</summary>
    private static readonly (string Name, Action<PairLoss, RowMask> Add, Func<Tensor, Tensor, RowMask, Tensor> Kernel, Func<Tensor, Tensor, Tensor> Plain)[] _terms =
    [
        ("NL2", (pair, mask) => pair.NormalizedL2(mask), (e, t, mask) => PairLoss.Begin(e, t).NormalizedL2(mask).Value(), (e, t) => (e - t.detach()).norm(2) / t.detach().norm(2).clamp_min(1e-8)),
        ("capped NL2", (pair, mask) => pair.NormalizedL2(mask, 3, 0.5), (e, t, mask) => LossCap.Of(PairLoss.Begin(e, t).NormalizedL2(mask).Value(), 3, 0.5), (e, t) => (e - t.detach()).norm(2) / t.detach().norm(2).clamp_min(1e-8)),
        ("cosine distance", (pair, mask) => pair.CosineDistance(mask), (e, t, mask) => PairLoss.Begin(e, t).CosineDistance(mask).Value(), (e, t) => 1 - Cosine(e, t.detach())),
        ("absolute cosine", (pair, mask) => pair.AbsoluteCosineSimilarity(mask), (e, t, mask) => PairLoss.Begin(e, t).AbsoluteCosineSimilarity(mask).Value(), (e, t) => Cosine(e, t).abs()),
        ("cosine", (pair, mask) => pair.CosineSimilarity(mask), (e, t, mask) => PairLoss.Begin(e, t).CosineSimilarity(mask).Value(), Cosine),
        ("power law", (pair, mask) => pair.InverseL2PowerLaw(0.7, 1.5, mask), (e, t, mask) => PairLoss.Begin(e, t).InverseL2PowerLaw(0.7, 1.5, mask).Value(), (e, t) => (0.7 / ((t - e).norm(2) + 1e-6)).pow(1.5)),
        ("median norm", (pair, mask) => pair.MedianNorm(1.3, mask), (e, t, mask) => PairLoss.Begin(e, t).MedianNorm(1.3, mask).Value(), (e, t) => ((e + t).norm(2) - 1.3).abs()),
    ];

    public static TheoryData<string> Names => [.. _terms.Select(term => term.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Each_term_alone_gives_what_autograd_gives(string name) => _cases.Sample(
        drawn => Agree(drawn with { Chosen = [.. _terms.Select(term => term.Name == name)] }),
        iter: 40);

    [Fact]
    public void Any_mixture_of_terms_and_masks_gives_what_autograd_gives() => _cases.Sample(Agree, iter: 300);

    [Fact]
    public void A_mixture_gives_what_its_kernels_give() => _cases.Sample(
        drawn =>
        {
            using var scope = NewDisposeScope();
            var (inputs, masks, chosen) = Draw(drawn);
            var together = Gradients(Mixture(inputs, masks, chosen), inputs);
            var alone = Gradients([.. chosen.Select(k => _terms[k].Kernel(inputs[0], inputs[1], masks[k]))], inputs);
            foreach (var (expected, actual) in alone.Zip(together))
            {
                Steps.Near(expected, actual, 1e-12, "a value or a gradient");
            }
        },
        iter: 100);

    [Fact]
    public void The_gradient_of_a_mixture_is_what_numeric_differences_give() => _cases.Sample(
        drawn =>
        {
            using var scope = NewDisposeScope();

            // Targets are constants for the first terms, so only the first input's differences are the gradient.
            var (inputs, masks, chosen) = Draw(drawn with { Wanted = [true, false], Strided = false });
            double Value() => Sum(Mixture(inputs, masks, chosen)).item<double>();
            Sum(Mixture(inputs, masks, chosen)).backward();
            Steps.Near(Steps.Differences(inputs[0], Value), inputs[0].grad, 1e-5, "the gradient");
        },
        iter: 20);

    [Theory]
    [InlineData(true, true)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    [InlineData(true, false)]
    public void The_values_of_a_row_have_no_effect_on_terms_that_exclude_it(bool firstPacked, bool secondPacked)
    {
        using var scope = NewDisposeScope();
        var steps = new Steps(5);
        bool[] counted = [true, true, false, false, false, false];
        bool[] alsoCounted = [true, false, true, false, false, false];
        var results = new List<Tensor>();
        foreach (var garbage in (double[])[0.5, double.NaN, double.PositiveInfinity])
        {
            var numbers = new Steps(6);
            var (e, t) = (numbers.Numbers(2, 3, 4), numbers.Numbers(2, 3, 4));

            // Where only the cosine counts, the tensors are equal, and the power is infinite.
            t[0, 2] = e[0, 2];
            foreach (var (sequence, token) in (ReadOnlySpan<(int, int)>)[(1, 0), (1, 2)])
            {
                e[sequence, token] = garbage;
                t[sequence, token] = garbage;
            }

            Tensor[] inputs = [e.requires_grad_(), t.requires_grad_()];
            var pair = PairLoss.Begin(e, t);
            pair.InverseL2PowerLaw(1, 60, steps.Mask(counted, 2, 3, firstPacked));
            pair.CosineSimilarity(steps.Mask(alsoCounted, 2, 3, secondPacked));
            results.Add(cat([.. Gradients(All(pair.Values()), inputs).Select(result => result.reshape(-1))]));
        }

        Assert.True(results[0].isfinite().all().item<bool>());
        Assert.True(results[0].equal(results[1]).all().item<bool>());
        Assert.True(results[0].equal(results[2]).all().item<bool>());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Empty_masks_give_zeros(bool packed)
    {
        using var scope = NewDisposeScope();
        var steps = new Steps(7);
        Tensor[] inputs = [full([2, 3, 4], double.NaN, ScalarType.Float64).requires_grad_(), steps.Numbers(2, 3, 4).requires_grad_()];
        var mask = steps.Mask(new bool[6], 2, 3, packed);
        var results = Gradients(Mixture(inputs, [mask, mask, mask, mask, mask, mask, mask], [0, 2, 3, 4, 5, 6]), inputs);
        Assert.All(results, result => Assert.Equal(0, result.abs().max().item<double>()));
    }

    [Theory]
    [InlineData(ScalarType.BFloat16, 4e-3)]
    [InlineData(ScalarType.Float16, 1e-3)]
    public void A_gradient_in_half_a_float_is_rounded_once(ScalarType type, double rounding)
    {
        using var scope = NewDisposeScope();
        var steps = new Steps(8);
        Tensor[] values = [steps.Numbers(4, 5, 32).to(type), steps.Numbers(4, 5, 32).to(type)];
        Tensor[] half = [.. values.Select(value => value.clone().requires_grad_())];
        Tensor[] exact = [.. values.Select(value => value.to(ScalarType.Float64).requires_grad_())];
        RowMask[] masks = [.. Enumerable.Range(0, 7).Select(_ => steps.Mask(steps.Bits(20, 0.6), 4, 5))];
        int[] chosen = [3, 4, 5, 6];
        foreach (var (own, truth) in Gradients(Mixture(half, masks, chosen), half).Zip(Gradients(Mixture(exact, masks, chosen), exact)).Skip(4))
        {
            Assert.Equal(type, own.dtype);
            var error = (own.to(ScalarType.Float64) - truth).abs() - (rounding * truth.abs());
            Assert.True(error.max().item<double>() < 1e-6, $"A gradient is off by {error.max().item<double>():g3} more than its rounding.");
        }
    }

    [Fact]
    public void Many_blocks_give_what_one_gives()
    {
        using var scope = NewDisposeScope();
        var steps = new Steps(9);
        Tensor[] inputs = [steps.Numbers(9, 37, 2048).requires_grad_(), steps.Numbers(9, 37, 2048).requires_grad_()];
        RowMask[] masks = [.. Enumerable.Range(0, 7).Select(i => steps.Mask(steps.Bits(333, 0.7), 9, 37, i % 2 == 0))];
        int[] chosen = [0, 3, 5];
        var own = Gradients(Mixture(inputs, masks, chosen), inputs);
        var plain = Gradients(Plain(inputs, masks, chosen), inputs);
        foreach (var (expected, actual) in plain.Zip(own))
        {
            Steps.Near(expected, actual, 1e-11, "a value or a gradient");
        }
    }

    [Fact]
    public void A_term_that_the_loss_leaves_out_adds_nothing()
    {
        using var scope = NewDisposeScope();
        var (inputs, masks, _) = Draw((3, 3, 4, 5, [true, true, true, true, true, true, true], [true, true], [], false));
        var values = Mixture(inputs, masks, [3, 5]);
        var gradients = Gradients([values[1]], inputs);
        foreach (var (expected, actual) in Gradients([_terms[5].Kernel(inputs[0], inputs[1], masks[5])], inputs).Zip(gradients))
        {
            Steps.Near(expected, actual, 1e-12, "a value or a gradient");
        }
    }

    [Fact]
    public void Without_a_graph_only_values_are_made()
    {
        using var scope = NewDisposeScope();
        var (inputs, masks, _) = Draw((4, 3, 4, 5, [true, true, true, true, true, true, true], [true, true], [], false));
        var expected = Mixture(inputs, masks, [2, 3, 5]);
        using var inference = no_grad();
        var actual = Mixture(inputs, masks, [2, 3, 5]);
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First.item<double>(), pair.Second.item<double>()));
        Assert.All(actual, value => Assert.False(value.requires_grad));
    }

    [Fact]
    public void A_second_derivative_is_refused_in_a_sentence()
    {
        using var scope = NewDisposeScope();
        var (inputs, masks, _) = Draw((5, 3, 4, 5, [true, true, true, true, true, true, true], [true, true], [], false));
        Sum(Mixture(inputs, masks, [3, 5])).backward(create_graph: true);
        Assert.All(inputs, input => Assert.True(input.grad!.isnan().any().item<bool>()));
        var exception = Assert.Throws<InvalidOperationException>(() => Mixture(inputs, masks, [3, 5]));
        Assert.Contains("create_graph", exception.Message, StringComparison.Ordinal);
        _ = Mixture(inputs, masks, [3, 5]);
    }

    [Fact]
    public void A_tensor_that_was_changed_before_the_backward_is_refused_in_a_sentence()
    {
        using var scope = NewDisposeScope();
        var (inputs, masks, _) = Draw((6, 3, 4, 5, [true, true, true, true, true, true, true], [true, false], [], false));
        var loss = Sum(Mixture(inputs, masks, [3, 5]));
        inputs[1].add_(1);
        loss.backward();
        var exception = Assert.Throws<InvalidOperationException>(() => Mixture(inputs, masks, [3, 5]));
        Assert.Contains("modified by an inplace operation", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_mixture_runs_on_meta_where_a_wait_throws(bool packed)
    {
        using var scope = NewDisposeScope();
        var steps = new Steps(10, ScalarType.BFloat16, META);
        Tensor[] inputs = [steps.Numbers(3, 4, 5).requires_grad_(), steps.Numbers(3, 4, 5).requires_grad_()];
        RowMask[] masks = [.. Enumerable.Range(0, 7).Select(_ => steps.Mask(steps.Bits(12, 0.6), 3, 4, packed))];
        Sum(Mixture(inputs, masks, [.. Enumerable.Range(0, 7)])).backward();
        Assert.All(inputs, input => Assert.Equal((DeviceType.META, ScalarType.BFloat16), (input.grad!.device_type, input.grad.dtype)));
    }

    [Fact]
    public void Combinations_of_one_mask_are_alive_together()
    {
        using var scope = NewDisposeScope();
        var (inputs, masks, _) = Draw((8, 3, 4, 5, [true, true, true, true, true, true, true], [true, true], [], false));
        var pair = PairLoss.Begin(inputs[0], inputs[1]);
        pair.CosineSimilarity(masks[0] & masks[1]);
        pair.AbsoluteCosineSimilarity(masks[0] & masks[2]);
        pair.InverseL2PowerLaw(0.7, 1.5, masks[0]);
        var own = Gradients(All(pair.Values()), inputs);
        var plain = Gradients(Plain(inputs, [masks[0], masks[0], masks[0], masks[0] & masks[2], masks[0] & masks[1], masks[0]], [4, 3, 5]), inputs);
        foreach (var (expected, actual) in plain.Zip(own))
        {
            Steps.Near(expected, actual, 1e-10, "a value or a gradient");
        }
    }

    [Fact]
    public void A_pair_of_another_stage_is_zero_and_reads_nothing()
    {
        using var scope = NewDisposeScope();
        using var step = new ClosureSafetyTests.Step(CPU, packed: true);
        var activations = new StepActivations(step.Activations.Batch) { Stage = new StepStage([Pass.StudentClean], IsLast: false) };
        foreach (var pair in (PairLoss[])[activations.AtLayer(Pass.StudentNoisy), activations.OnEmbeddings(activations.Clean, activations.Noisy)])
        {
            pair.CosineDistance(step.LossMask);
            pair.NormalizedL2(step.LossMask, 5, 1);
            var (first, second) = pair.Values();
            Assert.Equal(0, first.Value.item<float>());
            Assert.Equal(0, second.Value.item<float>());
        }
    }

    [Fact]
    public void A_pair_without_terms_or_with_others_than_named_says_so()
    {
        using var scope = NewDisposeScope();
        var pair = PairLoss.Begin(zeros(2, 3, 4), zeros(2, 3, 4));
        Assert.Contains("no terms", Assert.Throws<InvalidOperationException>(pair.Values).Message, StringComparison.Ordinal);
        pair.CosineSimilarity(RowMask.FromTensor(ones([2, 3], dtype: ScalarType.Bool)));
        Assert.Contains("1 values, not 2", Assert.Throws<InvalidOperationException>(() => { var (_, _) = pair.Values(); }).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => pair.CosineSimilarity(RowMask.FromTensor(ones([2, 2], dtype: ScalarType.Bool))));
        pair.CosineDistance(RowMask.FromTensor(ones([2, 3], dtype: ScalarType.Bool)));
        Assert.Contains("2 terms, not one", Assert.Throws<InvalidOperationException>(() => pair.Value()).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => PairLoss.Begin(zeros(2, 3, 4), zeros(2, 3, 5)));
    }

    private static void Agree((int Seed, int Batch, int Sequence, int Features, bool[] Packed, bool[] Wanted, bool[] Chosen, bool Strided) drawn)
    {
        using var scope = NewDisposeScope();
        var (inputs, masks, chosen) = Draw(drawn);
        var own = Gradients(Mixture(inputs, masks, chosen), inputs);
        var plain = Gradients(Plain(inputs, masks, chosen), inputs);
        foreach (var (expected, actual) in plain.Zip(own))
        {
            Steps.Near(expected, actual, 1e-10, "a value or a gradient");
        }
    }

    private static (Tensor[] Inputs, RowMask[] Masks, int[] Chosen) Draw((int Seed, int Batch, int Sequence, int Features, bool[] Packed, bool[] Wanted, bool[] Chosen, bool Strided) drawn)
    {
        var steps = new Steps(drawn.Seed);
        Tensor Numbers() => drawn.Strided ? steps.Numbers(drawn.Features + 1, drawn.Sequence, drawn.Batch).permute(2, 1, 0).narrow(2, 1, drawn.Features) : steps.Numbers(drawn.Batch, drawn.Sequence, drawn.Features);
        Tensor[] inputs = [.. drawn.Wanted.Select(wanted => Numbers().requires_grad_(wanted))];
        var rows = drawn.Batch * drawn.Sequence;
        RowMask[] masks = [.. drawn.Packed.Select((packed, i) => steps.Mask(steps.Bits(rows, 0.2 * (1 + ((drawn.Seed + i) % 5))), drawn.Batch, drawn.Sequence, packed))];
        int[] chosen = [.. Enumerable.Range(0, drawn.Chosen.Length).Where(i => drawn.Chosen[i])];
        return (inputs, masks, chosen.Length == 0 ? [0] : chosen);
    }

    private static Tensor[] Mixture(Tensor[] inputs, RowMask[] masks, int[] chosen)
    {
        var pair = PairLoss.Begin(inputs[0], inputs[1]);
        foreach (var k in chosen)
        {
            _terms[k].Add(pair, masks[k]);
        }

        return All(pair.Values());
    }

    private static Tensor[] Plain(Tensor[] inputs, RowMask[] masks, int[] chosen) =>
    [
        .. chosen.Select(k =>
        {
            var counts = masks[k].Value.to(ScalarType.Float64);
            var mean = (_terms[k].Plain(inputs[0], inputs[1]) * counts).sum() / counts.sum().clamp_min(1);
            return _terms[k].Name == "capped NL2" ? 3 * (0.5 * mean).sigmoid() : mean;
        }),
    ];

    /// <summary>The values, and the gradients of their sum with separate weights.</summary>
    private static Tensor[] Gradients(Tensor[] values, Tensor[] inputs)
    {
        foreach (var input in inputs)
        {
            input.grad = null;
        }

        var sum = Sum(values);
        if (sum.requires_grad)
        {
            sum.backward();
        }

        return [.. values.Select(value => value.detach()), .. inputs.Where(input => input.requires_grad).Select(input => input.grad?.clone() ?? zeros_like(input))];
    }

    private static Tensor[] All(TermValues values) => [.. Enumerable.Range(0, values.Count).Select(i => values[i])];

    private static Tensor Sum(Tensor[] values) => values.Select((value, i) => (0.5 + i) * value).Aggregate((left, right) => left + right);

    private static Tensor Cosine(Tensor e, Tensor t) => (e * t).sum(-1) / (e.norm(2).clamp_min(1e-8) * t.norm(2).clamp_min(1e-8));
}
