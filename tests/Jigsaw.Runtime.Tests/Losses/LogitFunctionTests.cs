using Jigsaw.Batches;
using Jigsaw.CompilerServices;
using Jigsaw.Losses.Logits;
using Jigsaw.Passes;
using TorchSharp;
using static TorchSharp.torch;

namespace Jigsaw.Runtime.Tests.Losses;

/// <summary>Custom terms on rows of logits; the head's tests check that they agree with plain autograd in any combination.</summary>
public sealed class LogitFunctionTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_values_of_excluded_tokens_have_no_effect(bool packed)
    {
        using var scope = NewDisposeScope();
        var results = new List<Tensor>();
        foreach (var garbage in (double[])[0, double.NaN, double.PositiveInfinity])
        {
            var steps = new Steps(7);
            var (loss, attention) = (steps.Bits(12, 0.5), steps.Bits(12, 0.5));
            Tensor Spoilt(Tensor hidden, bool[] counts) => where(tensor(counts).reshape(3, 4, 1), hidden, full([], garbage, dtype: ScalarType.Float64)).detach().requires_grad_();
            bool[] either = [.. loss.Zip(attention, (a, b) => a || b)];
            var teacher = Spoilt(steps.Numbers(3, 4, 5), either).detach();
            var noisy = Spoilt(steps.Numbers(3, 4, 5), either);
            var (lossMask, attentionMask) = (steps.Mask(loss, 3, 4, packed), steps.Mask(attention, 3, 4, packed));
            var weight = steps.Numbers(11, 5).requires_grad_();
            var head = LogitTerms.Begin(Steps.Of(attentionMask, attentionMask, steps.Numbers(3, 4, 2), new LanguageModelHead(weight), (Pass.TeacherClean, teacher, null), (Pass.StudentNoisy, noisy, null)), CeTarget.Soft);
            head.CrossEntropy(Pass.StudentNoisy, 1, attentionMask);
            head.OfRows("own", Pass.StudentNoisy, 0.5, lossMask, rows => (rows / rows.norm(1, keepdim: true)).amax([1]));
            head.OfRows("other", Pass.StudentNoisy, 0.5, lossMask, (rows, target) => (rows / target).sum(1));
            var value = head.Run().Loss;
            value.Value.backward();
            results.Add(cat([value.Value.reshape(1), noisy.grad!.reshape(-1), weight.grad!.reshape(-1)]));
        }

        Assert.True(results[0].isfinite().all().item<bool>());
        Assert.True(results[0].equal(results[1]).all().item<bool>());
        Assert.True(results[0].equal(results[2]).all().item<bool>());
    }

    [Theory]
    [InlineData(ScalarType.Float64, 1e-12)]
    [InlineData(ScalarType.Float32, 1e-5)]
    [InlineData(ScalarType.BFloat16, 2e-2)]
    public void Rows_are_of_float32_at_least_in_chunks_of_any_size(ScalarType type, double tolerance)
    {
        using var scope = NewDisposeScope();
        var wide = type == ScalarType.Float64 ? type : ScalarType.Float32;
        foreach (var chunk in (int[])[1, 7, 1000])
        {
            var step = new Step(type);
            var seen = 0L;
            var head = step.Head(chunk);
            head.OfRows("entropy", Pass.StudentNoisy, 0.5, step.Mask, rows =>
            {
                Assert.Equal(wide, rows.dtype);
                seen += rows.shape[0];
                return Entropy(rows);
            });
            var value = head.Run();
            value.Loss.Value.backward();
            Assert.Equal(step.Mask.Count!.Value, seen);

            var hidden = step.Hidden.detach().to(ScalarType.Float64).requires_grad_();
            var mask = step.Mask.Value.reshape(-1).to(ScalarType.Float64);
            var expected = (Entropy(hidden.reshape(-1, 16).mm(step.Weight.to(ScalarType.Float64).t())) * mask).sum() / mask.sum() * 0.5;
            expected.backward();
            Steps.Near(expected, value.Loss, tolerance, "the loss");
            Steps.Near(hidden.grad! / hidden.grad!.abs().max(), step.Hidden.grad!.to(ScalarType.Float64) / hidden.grad!.abs().max(), tolerance, "the gradient");
        }
    }

    [Fact]
    public void A_loss_that_does_not_read_the_teacher_needs_no_teacher_pass()
    {
        using var scope = NewDisposeScope();
        var steps = new Steps(1);
        var mask = steps.Mask([true, true], 1, 2);
        var head = LogitTerms.Begin(Steps.Of(mask, mask, steps.Numbers(1, 2, 2), new LanguageModelHead(steps.Numbers(5, 3)), (Pass.StudentNoisy, steps.Numbers(1, 2, 3).requires_grad_(), null)), CeTarget.Soft);
        head.OfRows("entropy", Pass.StudentNoisy, 1, mask, Entropy);
        Assert.True(head.Run().Loss.Value.requires_grad);
        head.OfRows("margin", Pass.StudentNoisy, 1, mask, (rows, teacher) => (rows - teacher).sum(1));
        Assert.Contains("TeacherClean was not run", Assert.Throws<InvalidOperationException>(head.Run).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => head.OfRows("target", Pass.TeacherClean, 1, mask, Entropy));
    }

    [Fact]
    public void Other_tensors_that_a_term_reads_get_no_gradient_and_a_constant_stays_one()
    {
        using var scope = NewDisposeScope();
        var step = new Step(ScalarType.Float64);
        var other = ones([], dtype: ScalarType.Float64).requires_grad_();
        var head = step.Head();
        head.OfRows("scaled", Pass.StudentNoisy, 1, step.Mask, rows => rows.sum(1) * other);
        head.OfRows("elsewhere", Pass.StudentNoisy, 1, step.Mask, rows => ones([rows.shape[0]], dtype: ScalarType.Float64) * other);
        head.OfRows("constant", Pass.StudentNoisy, 1, step.Mask, rows => ones([rows.shape[0]], dtype: ScalarType.Float64));
        var value = head.Run();
        value.Loss.Value.backward();
        Assert.Null(other.grad);
        Assert.Equal(1, value.Components[2].Value.item<double>());
        var expected = step.Mask.Value.to(ScalarType.Float64).unsqueeze(2) * step.Weight.sum([0]) / step.Mask.Count!.Value;
        Steps.Near(expected, step.Hidden.grad, 1e-12, "the gradient");
    }

    [Fact]
    public void Without_gradients_only_the_values_are_there()
    {
        using var scope = NewDisposeScope();
        var step = new Step(ScalarType.Float64);
        Tensor Run()
        {
            var head = step.Head();
            head.OfRows("entropy", Pass.StudentNoisy, 1, step.Mask, Entropy);
            return head.Run().Loss;
        }

        var differentiable = Run();
        using var grad = no_grad();
        Assert.False(Run().requires_grad);
        Assert.Equal(differentiable.item<double>(), Run().item<double>());
    }

    [Fact]
    public void It_runs_on_meta_where_a_wait_throws()
    {
        using var scope = NewDisposeScope();
        foreach (var packed in (bool[])[true, false])
        {
            var step = new Step(ScalarType.Float32, META, packed);
            var head = step.Head();
            head.CrossEntropy(Pass.StudentNoisy, 1, step.Mask);
            head.OfRows("entropy", Pass.StudentNoisy, 1, step.Mask, Entropy);
            head.OfRows("margin", Pass.StudentNoisy, 1, step.Mask, (rows, teacher) => (rows - teacher).square().mean([1]));
            head.Run().Loss.Value.backward();
            Assert.Equal(DeviceType.META, step.Hidden.grad!.device_type);

            head = step.Head();
            head.OfRows("waits", Pass.StudentNoisy, 1, step.Mask, rows => rows.sum(1) * rows.sum().item<float>());
            Assert.ThrowsAny<Exception>(head.Run);
            head = step.Head();
            head.OfRows("stray", Pass.StudentNoisy, 1, step.Mask, rows => zeros(rows.shape[0]));
            Assert.Contains("returned Float32 on cpu for logits of Float32 on meta", Assert.Throws<InvalidOperationException>(head.Run).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void What_a_term_throws_comes_through_and_nothing_is_left_behind()
    {
        using var scope = NewDisposeScope();
        var step = new Step(ScalarType.Float64);
        Func<Tensor, Tensor>[] wrong =
        [
            _ => throw new NotSupportedException("not today"),
            rows => rows.mm(rows),
            rows => rows.add_(1).sum(1),
            // Found by the backward pass: what exp needs has been overwritten.
            rows =>
            {
                var exp = rows.exp();
                var values = exp.sum(1);
                exp.add_(1);
                return values;
            },
        ];
        foreach (var values in wrong)
        {
            var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
            var head = step.Head(chunk: 7);
            head.CrossEntropy(Pass.StudentNoisy, 1, step.Mask);
            var calls = 0;
            head.OfRows("own", Pass.StudentNoisy, 1, step.Mask, rows => ++calls == 1 ? rows.sum(1) : values(rows));
            Assert.ThrowsAny<Exception>(head.Run);
            Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
            Assert.Null(step.Hidden.grad);
            Assert.True(is_grad_enabled());
        }

        var well = step.Head();
        well.OfRows("own", Pass.StudentNoisy, 1, step.Mask, _ => throw new NotSupportedException("not today"));
        Assert.Equal("not today", Assert.Throws<NotSupportedException>(well.Run).Message);
    }

    [Fact]
    public void What_a_term_returns_must_be_a_value_for_each_row()
    {
        using var scope = NewDisposeScope();
        var step = new Step(ScalarType.Float64);
        string Said(Func<Tensor, Tensor> values)
        {
            var head = step.Head();
            head.OfRows("own_term", Pass.StudentNoisy, 1, step.Mask, values);
            return Assert.Throws<InvalidOperationException>(head.Run).Message;
        }

        var rows = step.Mask.Count;
        Assert.Equal($"The term 'own_term' returned the shape () for {rows} rows of logits; return one value for each row, shape ({rows}).", Said(rows => rows.sum()));
        Assert.Equal($"The term 'own_term' returned the shape ({rows}, 1) for {rows} rows of logits; return one value for each row, shape ({rows}).", Said(rows => rows.sum(1, keepdim: true)));
        Assert.Equal($"The term 'own_term' returned null for {rows} rows of logits; return one value for each row, shape ({rows}).", Said(_ => null!));
        Assert.Equal("The term 'own_term' returned Int64 on cpu for logits of Float64 on cpu; return values of a floating dtype there.", Said(rows => rows.argmax(1)));
        Assert.Contains("disposed", Said(rows =>
        {
            var sum = rows.sum(1);
            sum.Dispose();
            return sum;
        }), StringComparison.Ordinal);
    }

    private static Tensor Entropy(Tensor rows)
    {
        var log = rows.log_softmax(1);
        return -(log.exp() * log).sum(1);
    }

    private sealed class Step
    {
        private readonly StepActivations _activations;

        internal Step(ScalarType type, Device? device = null, bool packed = true)
        {
            var steps = new Steps(5, type, device);
            Mask = steps.Mask(new Steps(6).Bits(40, 0.6), 4, 10, packed);
            Hidden = steps.Numbers(4, 10, 16).requires_grad_();
            Weight = steps.Numbers(301, 16);
            _activations = Steps.Of(Mask, Mask, steps.Numbers(4, 10, 2), new LanguageModelHead(Weight), (Pass.TeacherClean, steps.Numbers(4, 10, 16), null), (Pass.StudentNoisy, Hidden, null));
        }

        internal RowMask Mask { get; }

        internal Tensor Hidden { get; }

        internal Tensor Weight { get; }

        internal LogitTerms Head(int chunk = 1000)
        {
            var head = LogitTerms.Begin(_activations, CeTarget.Soft);
            head.Options = new VocabularyLoopOptions { ChunkRows = chunk };
            return head;
        }
    }
}
