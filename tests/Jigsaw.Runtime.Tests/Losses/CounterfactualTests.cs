using Jigsaw.Batches;
using Jigsaw.CompilerServices;
using Jigsaw.Losses.Information;
using Jigsaw.Passes;
using Jigsaw.Runtime.Tests.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Jigsaw.Runtime.Tests.Losses;

public sealed class CounterfactualTests : IDisposable
{
    private const int Batch = 3, Sequence = 7, Hidden = 5, Vocabulary = 11;

    private readonly List<IDisposable> _owned = [];

    public void Dispose() => _owned.ForEach(one => one.Dispose());

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Surprisal_is_the_teachers_negative_log_probability_of_the_token_after_its_prefix(bool packed)
    {
        using var scope = NewDisposeScope();
        var (pass, ids, attention, noise) = Inputs(packed);
        var predictions = PromptPredictions.Of(pass.Hidden, pass.Head!, ids, attention, noise, seed: null);
        var log = nn.functional.log_softmax(pass.Logits, -1);
        var (expected, isPredicted) = (new double[Batch, Sequence], 0);
        for (var row = 0; row < Batch; row++)
        {
            for (var token = 1; token < Sequence; token++)
            {
                if (noise.Value[row, token].ToBoolean() && attention.Value[row, token - 1].ToBoolean())
                {
                    expected[row, token] = -log[row, token - 1, ids[row, token]].ToDouble();
                    isPredicted++;
                }
            }
        }

        var difference = (predictions.Surprisal - tensor(expected)).abs().max().ToDouble();
        Assert.True(difference < 1e-12, $"off by {difference}");
        Assert.Equal(isPredicted, predictions.IsPredicted.sum().ToInt64());
        Assert.Null(predictions.Draws);
    }

    [Fact]
    public void Draws_follow_the_teachers_prediction_at_their_place_and_leave_all_other_tokens()
    {
        using var scope = NewDisposeScope();
        var (pass, ids, attention, noise) = Inputs(packed: true);
        var (row, token) = (1, 3);
        Assert.True(noise.Value[row, token].ToBoolean());
        var counts = new double[Vocabulary];
        const int Draws = 4000;
        for (var seed = 0; seed < Draws; seed++)
        {
            using var inner = NewDisposeScope();
            var drawn = PromptPredictions.Of(pass.Hidden, pass.Head!, ids, attention, noise, seed).Draws!;
            counts[drawn[row, token].ToInt64()]++;
            Assert.True(drawn.eq(ids).logical_or(noise.Value).all().ToBoolean());
            Assert.Equal(ids[0, 0].ToInt64(), drawn[0, 0].ToInt64());
        }

        var p = nn.functional.softmax(pass.Logits[row, token - 1], -1).data<double>().ToArray();
        var chiSquare = p.Select((expected, i) => Math.Pow(counts[i] - (Draws * expected), 2) / (Draws * expected)).Sum();
        Assert.True(chiSquare < 29.6, $"χ² is {chiSquare} at 10 degrees of freedom");
    }

    [Fact]
    public void The_same_step_draws_the_same_prompts_another_step_others_and_surprisal_limits_what_is_replaced()
    {
        using var scope = NewDisposeScope();
        var (pass, ids, attention, noise) = Inputs(packed: true);
        Tensor At(long step, double minSurprisal = 0) => new StepActivations(Transformed(ids, attention, noise), pass) { Step = step }.Counterfactuals.Ids(noise, minSurprisal);
        Assert.True(At(4).eq(At(4)).all().ToBoolean());
        Assert.False(At(4).eq(At(5)).all().ToBoolean());
        Assert.True(At(4, minSurprisal: 1e6).eq(ids).all().ToBoolean());
        var surprising = PromptPredictions.Of(pass.Hidden, pass.Head!, ids, attention, noise, null).Surprisal.gt(2.5);
        Assert.True(At(4, minSurprisal: 2.5).eq(ids).logical_or(surprising).all().ToBoolean());
    }

    [Fact]
    public void The_term_is_the_divergence_between_both_prompts_in_either_direction_with_a_gradient_through_both()
    {
        using var scope = NewDisposeScope();
        var (pass, ids, attention, noise) = Inputs(packed: true);
        var table = randn(Vocabulary, 4, dtype: ScalarType.Float64).requires_grad_();
        (Tensor, Tensor, Tensor) Moments(Tensor tokens)
        {
            var x = table.detach()[tokens];
            return (x, x * 0 + table[tokens] * 0.3, table[tokens].square() + 0.5);
        }

        var directions = new HashSet<bool>();
        for (var step = 0; step < 8; step++)
        {
            var (x, mu, sigma) = Moments(ids);
            var activations = new StepActivations(Transformed(ids, attention, noise, Moments), pass) { Step = step };
            var value = activations.OnEmbeddings().CounterfactualDivergence(x, mu, sigma, activations.Counterfactuals, noise, noise, 0, 1);
            var (x2, mu2, sigma2) = Moments(activations.Counterfactuals.Ids(noise, 0));
            var (m, s, n, t) = activations.Counterfactuals.IsForward ? (x + mu, sigma, x2 + mu2, sigma2) : (x2 + mu2, sigma2, x + mu, sigma);
            var divergence = ((s.square() + (m - n).square()) / t.square() - 1 - (s / t).square().log()).sum(-1) * 0.5;
            var expected = (divergence * noise.Value).sum() / noise.Value.sum();
            Assert.Equal(expected.ToDouble(), value.Value.ToDouble(), 1e-10);
            var gradient = autograd.grad([value], [table], retain_graph: true)[0];
            var reference = autograd.grad([expected], [table])[0];
            Assert.True((gradient - reference).abs().max().ToDouble() < 1e-10);
            directions.Add(activations.Counterfactuals.IsForward);
        }

        Assert.Equal(2, directions.Count);
    }

    [Fact]
    public void A_batch_whose_transform_cannot_be_run_again_says_so()
    {
        using var scope = NewDisposeScope();
        var (pass, ids, attention, noise) = Inputs(packed: true);
        var activations = new StepActivations(Transformed(ids, attention, noise), pass);
        var exception = Assert.Throws<InvalidOperationException>(() => activations.OnEmbeddings().CounterfactualDivergence(activations.Clean, activations.Means, activations.Stds, activations.Counterfactuals, noise, noise, 0, 1));
        Assert.Contains("transform.Apply", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_step_pass_by_pass_has_the_gradients_of_the_closures_through_the_transform_of_both_prompts()
    {
        var step = new BoundStep(_owned, "llama-gqa");
        step.Compare(() => CounterfactualRecipe.Bind(step.Teacher, step.Student));
        var values = step.PassByPass(() => CounterfactualRecipe.Bind(step.Teacher, step.Student)).Values;
        Assert.True(values["counterfactual_divergence"] > 0);
        Assert.True(values["of_surprising"] > 0);
    }

    [Fact]
    public void The_term_replaces_what_the_reply_does_not_repeat_and_a_batch_that_does_not_know_says_so()
    {
        Assert.Equal("not_in_reply", NotInReplyRecipe.Defaults.ToDictionary()["counterfactual_divergence_mask"]);
        var step = new BoundStep(_owned, "llama-gqa");
        var exception = Assert.Throws<InvalidOperationException>(() => NotInReplyRecipe.Bind(step.Teacher, step.Student).RunStep(step.Apply(), step.Batch.LossMask));
        Assert.Contains("TokenMask.NotInReply", exception.Message, StringComparison.Ordinal);
        Assert.Contains("NoiseTokenizer", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_term_runs_on_meta()
    {
        using var scope = NewDisposeScope();
        var (pass, ids, attention, noise) = Inputs(packed: false);
        Tensor Meta(Tensor tensor) => tensor.to(META);
        var onMeta = new PassActivations(Pass.TeacherClean, Meta(pass.Hidden), null, new LanguageModelHead(Meta(pass.Head!.Weight), Meta(pass.Head!.Bias!)));
        var activations = new StepActivations(
            Transformed(Meta(ids), RowMask.FromTensor(Meta(attention.Value)), RowMask.FromTensor(Meta(noise.Value)), tokens => (ones([.. tokens.shape, 4], device: META), ones([.. tokens.shape, 4], device: META), ones([.. tokens.shape, 4], device: META))), onMeta);
        var some = ones([Batch, Sequence, 4], device: META);
        var value = activations.OnEmbeddings().CounterfactualDivergence(some, some, some, activations.Counterfactuals, activations.NoiseMask, activations.NoiseMask, 2, 1);
        Assert.Empty(value.Value.shape);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(15)]
    public void Both_directions_occur_on_half_of_the_steps_whichever_steps_evaluate_the_term(int every)
    {
        using var scope = NewDisposeScope();
        var (_, ids, attention, noise) = Inputs(packed: true);
        var batch = Transformed(ids, attention, noise);
        var forward = Enumerable.Range(0, 2000).Count(i => new StepActivations(batch) { Step = (long)i * every }.Counterfactuals.IsForward);
        Assert.InRange(forward, 900, 1100);
    }

    private static (PassActivations Pass, Tensor Ids, RowMask Attention, RowMask Noise) Inputs(bool packed)
    {
        random.manual_seed(3);
        var pass = new PassActivations(Pass.TeacherClean, randn(Batch, Sequence, Hidden, dtype: ScalarType.Float64), null, new LanguageModelHead(randn(Vocabulary, Hidden, dtype: ScalarType.Float64), randn(Vocabulary, dtype: ScalarType.Float64)));
        var ids = randint(0, Vocabulary, [Batch, Sequence], dtype: ScalarType.Int64);
        // Row 2 is padded on the left; row 0 begins with a token that nothing predicts.
        bool[] attention = [true, true, true, true, true, true, true, true, true, true, true, true, false, false, false, false, true, true, true, true, true];
        bool[] noise = [true, true, false, true, false, true, true, false, true, true, true, true, false, false, false, false, true, true, false, true, false];
        RowMask Of(bool[] mask) => packed ? RowMask.FromHost(mask, Batch, Sequence, CPU) : RowMask.FromTensor(tensor(mask).reshape(Batch, Sequence));
        return (pass, ids, Of(attention), Of(noise));
    }

    private static TransformedBatch Transformed(Tensor ids, RowMask attention, RowMask noise, Func<Tensor, (Tensor, Tensor, Tensor)>? moments = null)
    {
        var some = ones(Batch, Sequence, 4, dtype: ScalarType.Float64);
        return new TransformedBatch { InputIds = ids, AttentionMask = attention, NoiseMask = noise, Clean = some, Noisy = some, Means = some, Stds = some, StdMax = 1, MedianNorm = 1, Moments = moments };
    }
}
