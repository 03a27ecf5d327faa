using CsCheck;
using Jigsaw.Batches;
using Jigsaw.Compatibility;
using Jigsaw.CompilerServices;
using Jigsaw.Losses.Kernels;
using static TorchSharp.torch;

namespace Jigsaw.Runtime.Tests.Losses;

public sealed class KernelTests
{
    private static readonly Gen<(int Seed, int Batch, int Sequence, int Features, double Share, bool Packed)> _shapes =
        Gen.Select(Gen.Int[0, 1_000_000], Gen.Int[1, 5], Gen.Int[1, 4], Gen.Int[1, 5], Gen.Int[0, 3].Select(i => new[] { 0, 0.4, 0.8, 1 }[i]), Gen.Bool);

    private static readonly (string Name, Func<Tensor, Tensor, Tensor, Tensor, RowMask, Tensor> Term)[] _terms =
    [
        ("NL2", (x, noisy, _, _, mask) => PairLoss.Begin(noisy, x).NormalizedL2(mask).Value()),
        ("cosine distance", (x, noisy, _, _, mask) => PairLoss.Begin(noisy, x).CosineDistance(mask).Value()),
        ("median norm", (x, _, means, _, mask) => PairLoss.Begin(x, means).MedianNorm(1.3, mask).Value()),
        ("absolute cosine", (x, noisy, _, _, mask) => PairLoss.Begin(x, noisy).AbsoluteCosineSimilarity(mask).Value()),
        ("cosine", (x, noisy, _, _, mask) => PairLoss.Begin(x, noisy).CosineSimilarity(mask).Value()),
        ("std log ratio", (_, _, _, stds, mask) => EmbeddingTerms.Here.StdLogRatio(stds, 2, mask)),
        ("power law", (x, noisy, _, _, mask) => PairLoss.Begin(x, noisy).InverseL2PowerLaw(0.7, 1.5, mask).Value()),
        ("mutual information", (x, noisy, means, stds, mask) => JigsawLosses.MutualInformationSubBatch(x, means, stds, noisy, mask, true).Value),
        ("mutual information, not combined", (x, noisy, means, stds, mask) => JigsawLosses.MutualInformationSubBatch(x, means, stds, noisy, mask, false).Value),
        ("mixture entropy", (x, noisy, means, stds, mask) => JigsawLosses.GaussianMixtureEntropy(x, means, stds, noisy, mask)),
        ("capped", (x, noisy, _, _, mask) => LossCap.Of(PairLoss.Begin(noisy, x).NormalizedL2(mask).Value(), 3, 0.5)),
        ("entropy", (_, _, _, stds, mask) => JigsawLosses.GaussianEntropyLogLoss(stds, mask)),
    ];

    /// <summary>The same, written in the straightforward way, in the type of their inputs.</summary>
    private static readonly (string Name, Func<Tensor[], Tensor, Tensor> Term)[] _plainTerms =
    [
        ("NL2", (inputs, mask) => Mean((inputs[1] - inputs[0]).norm(2) / inputs[0].norm(2).clamp_min(1e-8), mask)),
        ("cosine distance", (inputs, mask) => Mean(1 - PlainCosine(inputs), mask)),
        ("median norm", (inputs, mask) => Mean(((inputs[0] + inputs[2]).norm(2) - 1.3).abs(), mask)),
        ("absolute cosine", (inputs, mask) => Mean(PlainCosine(inputs).abs(), mask)),
        ("cosine", (inputs, mask) => Mean(PlainCosine(inputs), mask)),
        ("std log ratio", (inputs, mask) => -(Mean(inputs[3].mean([2]), mask) / 2).log()),
        ("power law", (inputs, mask) => Mean((0.7 / ((inputs[1] - inputs[0]).norm(2) + 1e-6)).pow(1.5), mask)),
        ("mutual information", (inputs, mask) => Pairwise(inputs[0], inputs[2], inputs[3], inputs[1], mask, true).Value),
    ];

    public static TheoryData<string, ScalarType> ReducedNames
    {
        get
        {
            var data = new TheoryData<string, ScalarType>();
            foreach (var (name, _) in _plainTerms)
            {
                data.Add(name, ScalarType.Float32);
                data.Add(name, ScalarType.BFloat16);
                data.Add(name, ScalarType.Float16);
            }

            return data;
        }
    }

    public static TheoryData<string> Names => [.. _terms.Select(term => term.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void The_gradient_is_what_numeric_differences_give(string name) => _shapes.Sample(shape =>
    {
        using var scope = NewDisposeScope();
        var (inputs, mask) = Inputs(shape);
        double Value() => Run(name, inputs, mask).item<double>();
        Run(name, inputs, mask).backward();
        for (var i = 0; i < inputs.Length; i++)
        {
            // The targets of a distance are constants.
            if (inputs[i].grad is { } gradient && !(i == 0 && name is "NL2" or "capped" or "cosine distance"))
            {
                Steps.Near(Steps.Differences(inputs[i], Value), gradient, 1e-5, $"{name}: the gradient of input {i}");
            }
        }
    }, iter: 8);

    [Theory]
    [MemberData(nameof(Names))]
    public void An_empty_mask_gives_no_gradient_and_excluded_garbage_has_no_effect(string name)
    {
        using var scope = NewDisposeScope();
        foreach (var packed in (bool[])[true, false])
        {
            var (inputs, _) = Inputs((3, 4, 3, 2, 1, packed));
            var steps = new Steps(1);
            Run(name, inputs, steps.Mask(new bool[12], 4, 3, packed)).backward();
            Assert.All(inputs.Where(input => input.grad is not null), input => Assert.Equal(0, input.grad!.abs().max().item<double>()));

            bool[] counts = [true, false, true, false, true, true, false, false, true, true, false, true];
            var results = new List<Tensor>();
            foreach (var garbage in (double[])[0.5, double.NaN, double.NegativeInfinity])
            {
                var spoilt = inputs.Select(input => where(tensor(counts).reshape(4, 3, 1), input.detach(), full([], garbage, dtype: ScalarType.Float64)).requires_grad_()).ToArray();
                if (name == "mutual information, not combined")
                {
                    // In this case samples are read where a component counts.
                    spoilt[1] = inputs[1].detach().requires_grad_();
                    spoilt[3] = cat([spoilt[3].narrow(0, 0, 2), inputs[3].narrow(0, 2, 2)]).detach().requires_grad_();
                }

                var value = Run(name, spoilt, steps.Mask(counts, 4, 3, packed));
                value.backward();
                results.Add(cat([value.reshape(1), .. spoilt.Where(input => input.grad is not null).Select(input => input.grad!.reshape(-1))]));
            }

            Assert.True(results[0].isfinite().all().item<bool>(), name);
            Assert.True(results[0].equal(results[1]).all().item<bool>(), name);
            Assert.True(results[0].equal(results[2]).all().item<bool>(), name);
        }
    }

    [Fact]
    public void Mutual_information_is_the_mean_over_pairs() => _shapes.Sample(shape =>
    {
        using var scope = NewDisposeScope();
        var (inputs, mask) = Inputs(shape);
        foreach (var combine in (bool[])[true, false])
        {
            var own = JigsawLosses.MutualInformationSubBatch(inputs[0], inputs[2], inputs[3], inputs[1], mask, combine);
            var gradients = Gradients(own.Value, inputs);
            var pairwise = Pairwise(inputs[0], inputs[2], inputs[3], inputs[1], mask.Value, combine);
            Steps.Near(pairwise.Value, own.Value, 1e-9, "the value");
            Steps.Near(pairwise.Mahalanobis, own.MahalanobisDistance, 1e-9, "the distance");
            foreach (var (expected, actual) in Gradients(pairwise.Value, inputs).Zip(gradients))
            {
                Steps.Near(expected, actual, 1e-9, "the gradient");
            }
        }
    }, iter: 40);

    [Fact]
    public void Mutual_information_of_deviations_that_differ_by_four_orders_stays_exact_in_float32()
    {
        using var scope = NewDisposeScope();
        var steps = new Steps(2);
        var (x, means) = (steps.Numbers(32, 3, 16), 0.1 * steps.Numbers(32, 3, 16));
        var stds = where(steps.Numbers(32, 3, 16) > 0, full([], 2e-4, dtype: ScalarType.Float64), full([], 1.0, dtype: ScalarType.Float64));
        var noisy = x + means + (stds * steps.Numbers(32, 3, 16));
        var mask = steps.Mask(steps.Bits(96, 0.9), 32, 3);
        Tensor[] exact = [.. ((Tensor[])[x, noisy, means, stds]).Select(input => input.to(ScalarType.Float32).to(ScalarType.Float64).requires_grad_())];
        Tensor[] single = [.. exact.Select(input => input.detach().to(ScalarType.Float32).requires_grad_())];
        var truth = Pairwise(exact[0], exact[2], exact[3], exact[1], mask.Value, true).Value;
        var value = JigsawLosses.MutualInformationSubBatch(single[0], single[2], single[3], single[1], mask, true).Value;
        Assert.InRange(value.item<float>() / truth.item<double>(), 1 - 1e-6, 1 + 1e-6);
        foreach (var (expected, actual) in Gradients(truth, exact).Zip(Gradients(value, single)))
        {
            var error = (actual.to(ScalarType.Float64) - expected).abs().max().item<double>() / expected.abs().max().item<double>();
            Assert.True(error < 1e-6, $"A gradient is off by {error:g3}.");
        }
    }

    [Fact]
    public void Fewer_than_two_sequences_share_no_information()
    {
        using var scope = NewDisposeScope();
        var (inputs, mask) = Inputs((3, 1, 4, 2, 1, true));
        var (value, distance, constants) = JigsawLosses.MutualInformationSubBatch(inputs[0], inputs[2], inputs[3], inputs[1], mask, true);
        Assert.Equal(0, value.item<double>());
        Assert.Equal(0, distance.item<double>());
        Assert.Equal(0, constants.item<double>());
        Assert.All(Gradients(value, inputs), gradient => Assert.Equal(0, gradient.abs().max().item<double>()));
    }

    [Fact]
    public void The_last_sequence_of_an_odd_batch_is_left_out()
    {
        using var scope = NewDisposeScope();
        var (inputs, mask) = Inputs((3, 5, 4, 2, 1, true));
        var even = inputs.Select(input => input.narrow(0, 0, 4)).ToArray();
        var value = JigsawLosses.MutualInformationSubBatch(inputs[0], inputs[2], inputs[3], inputs[1], mask, true).Value;
        Assert.Equal(JigsawLosses.MutualInformationSubBatch(even[0], even[2], even[3], even[1], RowMask.FromTensor(mask.Value.narrow(0, 0, 4)), true).Value.item<double>(), value.item<double>(), 12);
        Assert.All(Gradients(value, inputs), gradient => Assert.Equal(0, gradient[4].abs().max().item<double>()));
    }

    [Fact]
    public void The_square_distance_has_no_half()
    {
        using var scope = NewDisposeScope();
        var distance = JigsawLosses.SquareMahalanobisDistance(tensor(new double[] { 1, 4 }), tensor(new double[] { 3, 1 }), tensor(new[] { 2, 0.5 }));
        Assert.Equal(37, distance.item<double>());
    }

    [Theory]
    [InlineData(ScalarType.Float32, 4096)]
    [InlineData(ScalarType.BFloat16, 4096)]
    [InlineData(ScalarType.Float64, 50)]
    public void The_recommended_length_is_the_percentile_of_half_the_nearest_distances(ScalarType type, int sampleSize)
    {
        using var scope = NewDisposeScope();
        var table = (new Steps(9).Numbers(300, 6) + 100).to(type);
        table[7] = table[8];
        var wide = table.to(ScalarType.Float64).data<double>().ToArray();
        var halves = new List<double>();
        for (var i = 0; i < 300; i++)
        {
            var nearest = double.PositiveInfinity;
            for (var j = 0; j < 300; j++)
            {
                var square = 0.0;
                for (var k = 0; k < 6 && j != i; k++)
                {
                    square += Math.Pow(wide[(i * 6) + k] - wide[(j * 6) + k], 2);
                }

                nearest = j == i ? nearest : Math.Min(nearest, Math.Sqrt(square));
            }

            halves.Add(nearest / 2);
        }

        halves.Sort();
        var place = 0.25 * 299;
        var expected = halves[(int)place] + ((place - (int)place) * (halves[(int)place + 1] - halves[(int)place]));
        var actual = JigsawLosses.RecommendedCharacteristicLength(table, 25, sampleSize);
        Assert.InRange(actual, expected * (sampleSize < 300 ? 0.7 : 1 - 1e-9), expected * (sampleSize < 300 ? 1.4 : 1 + 1e-9));
        Assert.Equal(actual, JigsawLosses.RecommendedCharacteristicLength(table, 25, sampleSize));
        Assert.Equal(0, JigsawLosses.RecommendedCharacteristicLength(table, 0));
    }

    [Theory]
    [MemberData(nameof(ReducedNames))]
    public void The_error_is_no_worse_than_that_of_plain_torch_in_the_same_dtype(string name, ScalarType type)
    {
        using var scope = NewDisposeScope();
        var steps = new Steps(12, type);
        var x = steps.Numbers(6, 16, 96);
        Tensor[] values = [x, x + (0.4 * steps.Numbers(6, 16, 96)), 0.3 * steps.Numbers(6, 16, 96), 0.1 + steps.Numbers(6, 16, 96).abs()];
        var mask = steps.Mask(steps.Bits(96, 0.7), 6, 16);
        (double Value, Tensor[] Gradients) Of(ScalarType run, Func<Tensor[], Tensor> term)
        {
            var inputs = values.Select(value => value.to(run).detach().requires_grad_()).ToArray();
            var value = term(inputs);
            var gradients = Gradients(value, inputs);
            return (value.to(ScalarType.Float64).item<double>(), [.. gradients.Select(gradient => gradient.to(ScalarType.Float64))]);
        }

        var plain = _plainTerms.Single(term => term.Name == name).Term;
        var truth = Of(ScalarType.Float64, inputs => plain(inputs, mask.Value));
        var reference = Of(type, inputs => plain(inputs, mask.Value));
        var own = Of(type, inputs => Run(name, inputs, mask));
        Assert.True(Math.Abs(own.Value - truth.Value) <= (1.5 * Math.Abs(reference.Value - truth.Value)) + (4e-7 * Math.Abs(truth.Value)), $"The value {own.Value} is off by {own.Value - truth.Value:g3}, plain torch by {reference.Value - truth.Value:g3}.");
        for (var i = 0; i < values.Length; i++)
        {
            // Targets are constants for the kernels.
            if (i == 0 && name is "NL2" or "cosine distance")
            {
                continue;
            }

            var (error, allowed) = ((own.Gradients[i] - truth.Gradients[i]).norm().item<double>(), (reference.Gradients[i] - truth.Gradients[i]).norm().item<double>());
            Assert.True(error <= (1.5 * allowed) + (1e-7 * truth.Gradients[i].norm().item<double>()), $"The gradient of input {i} is off by {error:g3}, plain torch by {allowed:g3}.");
        }
    }

    private static Tensor Run(string name, Tensor[] inputs, RowMask mask) => _terms.Single(term => term.Name == name).Term(inputs[0], inputs[1], inputs[2], inputs[3], mask);

    private static (Tensor[] Inputs, RowMask Mask) Inputs((int Seed, int Batch, int Sequence, int Features, double Share, bool Packed) shape)
    {
        var steps = new Steps(shape.Seed);
        Tensor Numbers() => steps.Numbers(shape.Batch, shape.Sequence, shape.Features);
        Tensor[] inputs = [Numbers().requires_grad_(), Numbers().requires_grad_(), (0.3 * Numbers()).requires_grad_(), (0.2 + Numbers().abs()).requires_grad_()];
        return (inputs, steps.Mask(steps.Bits(shape.Batch * shape.Sequence, shape.Share), shape.Batch, shape.Sequence, shape.Packed));
    }

    private static Tensor[] Gradients(Tensor value, Tensor[] inputs)
    {
        foreach (var input in inputs)
        {
            input.grad = null;
        }

        value.backward();
        return [.. inputs.Select(input => input.grad?.clone() ?? zeros_like(input))];
    }

    private static Tensor Mean(Tensor perToken, Tensor mask) => (perToken * mask.to(perToken.dtype)).sum() / mask.sum().to(perToken.dtype);

    private static Tensor PlainCosine(Tensor[] inputs) =>
        (inputs[0] * inputs[1]).sum(-1) / (inputs[0].norm(2).clamp_min(1e-8) * inputs[1].norm(2).clamp_min(1e-8));

    private static (Tensor Value, Tensor Mahalanobis) Pairwise(Tensor x, Tensor means, Tensor stds, Tensor noisy, Tensor mask, bool combine)
    {
        var half = x.shape[0] / 2;
        if (half == 0)
        {
            var zero = (x + means + stds + noisy).narrow(0, 0, 0).sum();
            return (zero, zero);
        }

        Tensor A(Tensor tensor) => tensor.narrow(0, 0, half).unsqueeze(0);
        Tensor B(Tensor tensor) => tensor.narrow(0, half, half).unsqueeze(1);
        var counts = (A(mask) & (combine ? B(mask) : ones_like(B(mask)))).unsqueeze(-1).to(x.dtype);
        var number = (counts.sum() * x.shape[2]).clamp_min(1);
        var log = 0.5 * Math.Log(2 * Math.PI);
        var mahalanobis = (counts * 0.5 * ((B(noisy) - A(x) - A(means)) / A(stds)).square()).sum() / number;
        var mixture = mahalanobis + ((counts * (log + A(stds).log()).expand(half, half, -1, -1)).sum() / number);
        var conditional = (counts * (0.5 + log + B(stds).log()).expand(half, half, -1, -1)).sum() / number;
        return (mixture - conditional, mahalanobis);
    }
}
