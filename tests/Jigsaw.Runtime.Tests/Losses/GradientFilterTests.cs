using CsCheck;
using Jigsaw.Losses;
using TorchSharp;
using static TorchSharp.torch;

namespace Jigsaw.Runtime.Tests.Losses;

public sealed class GradientFilterTests
{
    /// <summary>Distributions with a few large classes and a long tail, as those of language models are.</summary>
    private static readonly Gen<Case> Cases =
        from seed in Gen.Int[0, 1_000_000]
        from target in Gen.Enum<CeTarget>()
        from type in Gen.Int[0, 1].Select(i => new[] { ScalarType.Float32, ScalarType.Float64 }[i])
        from noise in Gen.Int[0, 2].Select(i => new[] { 0.02, 0.2, 1.0 }[i])
        from share in Gen.Int[0, 1].Select(i => new[] { 0.4, 1.0 }[i])
        from packed in Gen.Bool
        from chunk in Gen.Int[3, 70]
        select new Case(seed, target, type, noise, share, packed, chunk);

    [Fact]
    public void The_gradient_stays_within_a_few_times_the_allowed_error_and_the_value_is_exact() => Cases.Sample(of =>
    {
        using var scope = NewDisposeScope();
        var exact = Run(of, 0);
        foreach (var allowed in (double[])[0.002, 0.02])
        {
            var filtered = Run(of, allowed);
            Assert.Equal(exact.Loss, filtered.Loss);
            foreach (var (gradient, truth) in filtered.Gradients.Zip(exact.Gradients))
            {
                var error = (gradient - truth).norm().to(ScalarType.Float64).item<double>();
                var size = truth.norm().to(ScalarType.Float64).item<double>();
                Assert.True(error <= 3 * allowed * size, $"The gradient is off by {error:g3} of {size:g3} at {allowed}.");
            }
        }
    }, iter: 40);

    [Theory]
    [InlineData(CeTarget.Hard)]
    [InlineData(CeTarget.Soft)]
    public void It_leaves_columns_out(CeTarget target)
    {
        using var scope = NewDisposeScope();
        var of = new Case(5, target, ScalarType.Float64, 0.2, 1, true, 64);
        var (exact, filtered) = (Run(of, 0).Gradients, Run(of, 0.02).Gradients);
        Assert.All(filtered.Zip(exact), pair => Assert.True((pair.First - pair.Second).norm().item<double>() > 1e-6 * pair.Second.norm().item<double>()));
    }

    [Theory]
    [InlineData(CeTarget.Hard)]
    [InlineData(CeTarget.Soft)]
    public void The_measured_error_is_the_actual_one(CeTarget target)
    {
        using var scope = NewDisposeScope();
        var of = new Case(8, target, ScalarType.Float64, 0.2, 0.7, true, 20);
        var measurement = new GradientErrorMeasurement();
        var (exact, filtered) = (Run(of, 0), Run(of, 0.02, measurement));
        Tensor All(Result result) => cat([.. result.Gradients.Select(gradient => gradient.reshape(-1))]);
        var actual = ((All(filtered) - All(exact)).norm() / All(exact).norm()).item<double>();
        Assert.True(actual > 1e-6);
        Assert.Equal(actual, measurement.Relative()!.item<double>(), 1e-3 * actual);
        Assert.Null(measurement.Relative());
    }

    [Fact]
    public void An_error_of_0_and_a_head_that_trains_give_the_exact_gradient_to_the_bit()
    {
        using var scope = NewDisposeScope();
        var of = new Case(3, CeTarget.Soft, ScalarType.Float32, 0.2, 0.7, true, 20);
        Assert.All(Run(of, 0.05, trains: true).Gradients.Zip(Run(of, 0, trains: true).Gradients), pair => Assert.True(pair.First.equal(pair.Second).all().item<bool>()));
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void What_is_not_finite_in_a_counted_row_comes_out_as_it_does_without_a_filter(double garbage)
    {
        using var scope = NewDisposeScope();
        var of = new Case(4, CeTarget.Soft, ScalarType.Float32, 0.2, 1, true, 100);
        var (exact, filtered) = (Run(of, 0, garbage: garbage).Gradients[0], Run(of, 0.02, garbage: garbage).Gradients[0]);
        Assert.True(exact.isnan().any().item<bool>());
        Assert.True(exact.isnan().equal(filtered.isnan()).all().item<bool>());
    }

    [Fact]
    public void In_bfloat16_it_adds_no_more_than_what_is_allowed()
    {
        using var scope = NewDisposeScope();
        var of = new Case(6, CeTarget.Hard, ScalarType.BFloat16, 0.2, 1, true, 32);
        foreach (var (gradient, truth) in Run(of, 0.02).Gradients.Zip(Run(of, 0).Gradients))
        {
            var (error, size) = ((gradient - truth).norm().to(ScalarType.Float32).item<float>(), truth.norm().to(ScalarType.Float32).item<float>());
            Assert.InRange(error, 1e-4f * size, 0.03f * size);
        }
    }

    [Theory]
    [InlineData(-0.1)]
    [InlineData(double.NaN)]
    public void An_error_that_is_no_share_is_named(double allowed)
    {
        using var scope = NewDisposeScope();
        Assert.Contains("gradientFilter is", Assert.Throws<ArgumentOutOfRangeException>(() => Run(new Case(3, CeTarget.Soft, ScalarType.Float32, 0.2, 0.7, true, 20), allowed)).Message, StringComparison.Ordinal);
    }

    private static Result Run(Case of, double allowed, GradientErrorMeasurement? measurement = null, bool trains = false, double garbage = 0)
    {
        const int Batch = 3, Sequence = 20, Hidden = 24, Vocabulary = 2500;
        var steps = new Steps(of.Seed);
        var frequency = -1.2 * arange(1, Vocabulary + 1, dtype: ScalarType.Float64).log();
        var weight = cat([steps.Numbers(Vocabulary, Hidden - 1) * 0.8, frequency.unsqueeze(1)], 1);
        Tensor Fixed(Tensor hidden) => cat([hidden, ones([Batch, Sequence, 1], dtype: ScalarType.Float64)], 2);
        var states = steps.Numbers(Batch, Sequence, Hidden - 1) * 0.6;
        var teacher = Fixed(states).to(of.Type);
        Tensor[] sources = [.. Enumerable.Range(0, 2).Select(_ => Fixed(states + (of.Noise * steps.Numbers(Batch, Sequence, Hidden - 1))).to(of.Type))];
        if (garbage != 0)
        {
            sources[0][0, 0, 0] = garbage;
        }

        foreach (var source in sources)
        {
            source.requires_grad_();
        }

        var mask = steps.Mask(steps.Bits(Batch * Sequence, of.Share), Batch, Sequence, of.Packed);
        var other = steps.Mask(steps.Bits(Batch * Sequence, of.Share), Batch, Sequence, of.Packed);
        var table = weight.to(of.Type).detach();
        var head = new LanguageModelHead(trains ? table.requires_grad_() : table);
        var bare = Steps.Of(mask, mask, zeros(Batch, Sequence, 2), head, (Pass.TeacherClean, teacher, null), (Pass.StudentNoisy, sources[0], null), (Pass.TeacherNoisy, sources[1], null));
        var activations = new Activations(bare.Batch, bare.TeacherClean, bare.StudentNoisy, bare.TeacherNoisy) { Measurement = measurement };
        var terms = VocabularyHead.Begin(activations, of.Target, allowed);
        terms.Options = terms.Options with { ChunkRows = of.Chunk };
        terms.CrossEntropy(Pass.StudentNoisy, 1, mask);
        terms.CrossEntropy(Pass.TeacherNoisy, -0.4, other, 5, 0.3);
        terms.CrossEntropy(Pass.TeacherNoisy, 0.1, mask);
        var loss = terms.Run().Loss;
        loss.backward();
        return new Result(loss.to(ScalarType.Float64).item<double>(), [.. sources.Select(source => source.grad!)]);
    }

    private sealed record Case(int Seed, CeTarget Target, ScalarType Type, double Noise, double Share, bool Packed, int Chunk);

    private sealed record Result(double Loss, Tensor[] Gradients);
}
