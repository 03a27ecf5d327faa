using System.Diagnostics.Metrics;
using CsCheck;
using Jigsaw.Batches;
using Jigsaw.CompilerServices;
using Jigsaw.Losses.Filtering;
using Jigsaw.Passes;
using static TorchSharp.torch;

namespace Jigsaw.Runtime.Tests.Losses;

public sealed class GradientFilterTests
{
    // More than the filter needs to find out how much may be left out.
    private const int Loops = 12;

    /// <summary>Distributions with a few large classes and a long tail, as those of language models are.</summary>
    private static readonly Gen<Case> _cases =
        from seed in Gen.Int[0, 1_000_000]
        from target in Gen.Enum<CeTarget>()
        from type in Gen.Int[0, 1].Select(i => new[] { ScalarType.Float32, ScalarType.Float64 }[i])
        from noise in Gen.Int[0, 2].Select(i => new[] { 0.02, 0.2, 1.0 }[i])
        from share in Gen.Int[0, 1].Select(i => new[] { 0.4, 1.0 }[i])
        from packed in Gen.Bool
        from chunk in Gen.Int[3, 70]
        select new Case(seed, target, type, noise, share, packed, chunk);

    [Fact]
    public void The_gradient_stays_within_the_allowed_error_and_the_value_is_exact() => _cases.Sample(of =>
    {
        using var scope = NewDisposeScope();
        var step = new Step(of);
        var exact = step.Run(0);
        foreach (var allowed in (double[])[0.002, 0.02, 0.2])
        {
            for (var i = 0; i < Loops; i++)
            {
                var filtered = step.Run(allowed);
                Assert.Equal(exact.Loss, filtered.Loss);
                foreach (var (gradient, truth) in filtered.Gradients.Zip(exact.Gradients))
                {
                    Assert.InRange(Error(gradient, truth), 0, (1.001 * allowed) + 1e-6);
                }
            }
        }
    }, iter: 30);

    [Theory]
    [InlineData(CeTarget.Hard, ScalarType.Float64)]
    [InlineData(CeTarget.Soft, ScalarType.Float64)]
    [InlineData(CeTarget.Hard, ScalarType.BFloat16)]
    public void It_learns_to_make_about_the_error_that_is_allowed(CeTarget target, ScalarType type)
    {
        using var scope = NewDisposeScope();
        var step = new Step(new Case(5, target, type, 0.2, 1, true, 64));
        var exact = step.Run(0);
        Assert.All(step.Run(0.1).Gradients.Zip(exact.Gradients), pair => Assert.Equal(0, Error(pair.First, pair.Second)));
        var errors = Enumerable.Range(0, Loops).Select(_ => Error(step.Run(0.1).Gradients[0], exact.Gradients[0])).ToArray();
        Assert.InRange(errors[^1], 0.03, 0.101);
    }

    [Fact]
    public void The_share_of_the_columns_is_measured_and_falls_with_what_is_allowed()
    {
        double[] Shares(double allowed)
        {
            var (shares, thread) = (new List<double>(), Environment.CurrentManagedThreadId);
            using var listener = new MeterListener
            {
                InstrumentPublished = (instrument, listening) =>
                {
                    if (instrument is { Meter.Name: "Jigsaw", Name: "jigsaw.gradient_filter.columns" })
                    {
                        listening.EnableMeasurementEvents(instrument);
                    }
                },
            };
            listener.SetMeasurementEventCallback<double>((_, share, _, _) =>
            {
                // Other tests run beside this one.
                if (Environment.CurrentManagedThreadId == thread)
                {
                    shares.Add(share);
                }
            });
            listener.Start();
            using var scope = NewDisposeScope();
            var step = new Step(new Case(5, CeTarget.Soft, ScalarType.Float64, 0.2, 1, true, 64));
            for (var i = 0; i < Loops; i++)
            {
                step.Run(allowed);
            }

            return [.. shares];
        }

        var (little, much) = (Shares(0.02), Shares(0.2));
        Assert.All([.. little, .. much], share => Assert.InRange(share, 0.001, 1));
        Assert.True(much[^1] < 0.7 * little[^1], $"{much[^1]} and {little[^1]}");
        Assert.Empty(Shares(0));
    }

    [Fact]
    public void What_is_left_out_is_estimated_exactly_if_its_rank_is_one()
    {
        using var scope = NewDisposeScope();
        using var workspaces = new FilterWorkspaces();
        const int Rows = 9, Columns = 400, Large = 20;
        var steps = new Steps(13);
        var (table, scales) = (steps.Numbers(Columns, 5), 0.5 + steps.Numbers(Rows, 1).square());
        var tail = (0.1 + steps.Numbers(Rows, 1).abs()).mm(1e-4 * steps.Numbers(1, Columns - Large - 1).abs());
        var gradient = cat([steps.Numbers(Rows, Large), tail], 1);
        gradient = cat([gradient.sum(1, keepdim: true).neg(), gradient], 1).contiguous();
        var (exact, hidden) = (gradient.mm(table), zeros(Rows, 5, dtype: ScalarType.Float64));
        var share = ((tail * scales).sum() / (gradient.abs() * scales).sum()).item<double>();
        using var filter = new ColumnFilter(table, workspaces);
        filter.Begin(Rows, ScalarType.Float64);
        filter.Observe(gradient.narrow(0, 0, 4), scales.narrow(0, 0, 4), null, 0);
        filter.Observe(gradient.narrow(0, 4, 5), scales.narrow(0, 4, 5), null, 4);
        Assert.True(filter.TryMultiply(gradient.clone(), isHard: false, 1.01 * share, hidden));
        Assert.True(Error(hidden, exact) > 1e-5);
        filter.Finish();
        Assert.InRange(Error(hidden, exact), 0, 1e-12);
    }

    [Fact]
    public void It_measures_again_periodically_and_returns_the_exact_gradient()
    {
        using var scope = NewDisposeScope();
        var step = new Step(new Case(5, CeTarget.Hard, ScalarType.Float32, 0.2, 1, true, 64));
        var exact = step.Run(0).Gradients[0];
        var isExact = Enumerable.Range(0, 80).Select(_ => step.Run(0.1).Gradients[0].equal(exact).all().item<bool>()).ToArray();
        Assert.True(isExact[0]);
        Assert.False(isExact[Loops]);
        Assert.Contains(isExact.Skip(Loops), again => again);
    }

    [Theory]
    [InlineData(CeTarget.Hard)]
    [InlineData(CeTarget.Soft)]
    public void The_measured_error_is_the_actual_one(CeTarget target)
    {
        using var scope = NewDisposeScope();
        var step = new Step(new Case(8, target, ScalarType.Float64, 0.2, 0.7, true, 20));
        var measurement = new GradientErrorMeasurement();
        var exact = step.Run(0);
        for (var i = 0; i < Loops; i++)
        {
            _ = step.Run(0.1);
        }

        var filtered = step.Run(0.1, measurement);
        static Tensor All(Result result) => cat([.. result.Gradients.Select(gradient => gradient.reshape(-1))]);
        var actual = Error(All(filtered), All(exact));
        Assert.True(actual > 1e-3);
        Assert.Equal(actual, measurement.Relative()!.item<double>(), 1e-6);
        Assert.Null(measurement.Relative());
    }

    [Fact]
    public void Where_nothing_can_be_left_out_and_where_a_head_trains_the_gradient_is_exact_bit_for_bit()
    {
        using var scope = NewDisposeScope();
        var of = new Case(3, CeTarget.Soft, ScalarType.Float32, 0.2, 0.7, true, 20);
        foreach (var (trains, allowed) in (ReadOnlySpan<(bool, double)>)[(true, 0.1), (false, 1e-9)])
        {
            var step = new Step(of, trains);
            var exact = step.Run(0).Gradients;
            for (var i = 0; i < Loops; i++)
            {
                Assert.All(step.Run(allowed).Gradients.Zip(exact), pair => Assert.True(pair.First.equal(pair.Second).all().item<bool>()));
            }
        }
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void What_is_not_finite_in_a_counted_row_comes_out_as_it_does_without_a_filter(double garbage)
    {
        using var scope = NewDisposeScope();
        var step = new Step(new Case(4, CeTarget.Soft, ScalarType.Float32, 0.2, 1, true, 100), garbage: garbage);
        var exact = step.Run(0).Gradients[0];
        Assert.True(exact.isnan().any().item<bool>());
        for (var i = 0; i < 3; i++)
        {
            Assert.True(exact.isnan().equal(step.Run(0.1).Gradients[0].isnan()).all().item<bool>());
        }
    }

    [Theory]
    [InlineData(-0.1)]
    [InlineData(double.NaN)]
    public void An_error_that_is_not_a_share_is_named(double allowed)
    {
        using var scope = NewDisposeScope();
        var step = new Step(new Case(3, CeTarget.Soft, ScalarType.Float32, 0.2, 0.7, true, 20));
        Assert.Contains("gradientFilter is", Assert.Throws<ArgumentOutOfRangeException>(() => step.Run(allowed)).Message, StringComparison.Ordinal);
    }

    private static double Error(Tensor gradient, Tensor truth) =>
        ((gradient.to(ScalarType.Float64) - truth.to(ScalarType.Float64)).norm() / truth.to(ScalarType.Float64).norm().clamp_min(1e-300)).item<double>();

    /// <summary>The same hidden states and head, over and over.</summary>
    private sealed class Step
    {
        private const int Batch = 3;
        private const int Sequence = 20;
        private const int Hidden = 24;
        private const int Vocabulary = 2500;

        private readonly FilterCalibrations _calibrations = new();
        private readonly Case _case;
        private readonly Tensor[] _sources;
        private readonly StepActivations _activations;
        private readonly RowMask[] _masks;

        public Step(Case of, bool trains = false, double garbage = 0)
        {
            _case = of;
            var steps = new Steps(of.Seed);
            var frequency = -1.2 * arange(1, Vocabulary + 1, dtype: ScalarType.Float64).log();
            var weight = cat([steps.Numbers(Vocabulary, Hidden - 1) * 0.8, frequency.unsqueeze(1)], 1);
            static Tensor Fixed(Tensor hidden) => cat([hidden, ones([Batch, Sequence, 1], dtype: ScalarType.Float64)], 2);
            var states = steps.Numbers(Batch, Sequence, Hidden - 1) * 0.6;
            var teacher = Fixed(states).to(of.Type);
            _sources = [.. Enumerable.Range(0, 2).Select(_ => Fixed(states + (of.Noise * steps.Numbers(Batch, Sequence, Hidden - 1))).to(of.Type))];
            if (garbage != 0)
            {
                _sources[0][0, 0, 0] = garbage;
            }

            foreach (var source in _sources)
            {
                source.requires_grad_();
            }

            _masks = [.. Enumerable.Range(0, 2).Select(_ => steps.Mask(steps.Bits(Batch * Sequence, of.Share), Batch, Sequence, of.Packed))];
            var table = weight.to(of.Type).detach();
            var head = new LanguageModelHead(trains ? table.requires_grad_() : table);
            _activations = Steps.Of(_masks[0], _masks[0], zeros(Batch, Sequence, 2), head, (Pass.TeacherClean, teacher, null), (Pass.StudentNoisy, _sources[0], null), (Pass.TeacherNoisy, _sources[1], null));
        }

        public Result Run(double allowed, GradientErrorMeasurement? measurement = null)
        {
            var activations = new StepActivations(_activations.Batch, _activations.TeacherClean, _activations.StudentNoisy, _activations.TeacherNoisy) { Services = measurement is null ? [_calibrations] : [_calibrations, measurement] };
            var terms = LogitTerms.Begin(activations, _case.Target, allowed);
            terms.Options = terms.Options with { ChunkRows = _case.Chunk };
            terms.CrossEntropy(Pass.StudentNoisy, 1, _masks[0]);
            terms.CrossEntropy(Pass.TeacherNoisy, -0.4, _masks[1], 5, 0.3);
            terms.CrossEntropy(Pass.TeacherNoisy, 0.1, _masks[0]);
            var loss = terms.Run().Loss;
            loss.Value.backward();
            Tensor[] gradients = [.. _sources.Select(source => source.grad!.clone())];
            foreach (var source in _sources)
            {
                source.grad = null;
            }

            return new Result(loss.Value.to(ScalarType.Float64).item<double>(), gradients);
        }
    }

    private sealed record Case(int Seed, CeTarget Target, ScalarType Type, double Noise, double Share, bool Packed, int Chunk);

    private sealed record Result(double Loss, Tensor[] Gradients);
}
