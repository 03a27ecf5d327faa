using CsCheck;
using Jigsaw.Batches;
using Jigsaw.CompilerServices;
using Jigsaw.Losses.Information;
using TorchSharp;
using static TorchSharp.torch;

namespace Jigsaw.Runtime.Tests.Losses;

public sealed class InformationTests
{
    public static TheoryData<OracleCase> Cases => [.. OracleCase.Where(_ => true, "information")];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Every_bound_has_the_oracles_value_and_gradient(OracleCase of) => Compare(of, CPU);

    [CudaTheory]
    [MemberData(nameof(Cases))]
    public void Every_bound_has_the_oracles_value_and_gradient_on_cuda(OracleCase of) => Compare(of, CUDA);

    private static void Compare(OracleCase of, Device device)
    {
        using var scope = NewDisposeScope();
        var run = new OracleRun(of, device);
        var repeats = (int)run.Number("repeats");
        var (clean, means, stds) = (run.Input("x"), run.Input("mu"), run.Input("sigma"));
        run.Compare(run.Term switch
        {
            "information_rate" => InformationRate.Compute(clean, means, stds, run.Mask("counted_mask"), run.Mask("noise_mask"), repeats, run.Has("token_weights") ? run.Input("token_weights") : null),
            "counterfactual_divergence" => CounterfactualDivergence.Compute((clean, means, stds), (run.Input("x_counterfactual"), run.Input("mu_counterfactual"), run.Input("sigma_counterfactual")), run.Mask("noise_mask"), repeats),
            "pairwise_information" => PairwiseInformation.Compute(clean, means, stds, run.Mask("counted_mask"), repeats),
            _ => LeaveOneOutInformation.Compute(clean, means, stds, run.Input("x_tilde"), run.Mask("counted_mask"), repeats),
        });
    }

    [Fact]
    public void Chunks_of_pairs_give_what_all_pairs_give() => Gen.Int[0, 1000].Sample(
        seed =>
        {
            using var scope = NewDisposeScope();
            var steps = new Steps(seed);

            // More tokens than one chunk of pairs holds.
            const int Batch = 3, Sequence = 500, Features = 2;
            Tensor Leaf(Tensor of) => of.detach().requires_grad_();
            var (clean, means, stds, noisy) = (Leaf(steps.Numbers(Batch, Sequence, Features)), Leaf(steps.Numbers(Batch, Sequence, Features)), Leaf(steps.Numbers(Batch, Sequence, Features).exp()), Leaf(steps.Numbers(Batch, Sequence, Features)));
            var mask = steps.Mask(steps.Bits(Batch * Sequence, 0.9), Batch, Sequence, seed % 2 == 0);
            var pairwise = PairwiseInformation.Compute(clean, means, stds, mask);
            var leaveOneOut = LeaveOneOutInformation.Compute(clean, means, stds, noisy, mask);
            (pairwise + leaveOneOut).backward();
            Tensor[] found = [clean.grad!.clone(), means.grad!.clone(), stds.grad!.clone(), noisy.grad!.clone()];
            foreach (var input in (Tensor[])[clean, means, stds, noisy])
            {
                input.grad = null;
            }

            var rows = mask.Value.reshape(-1).nonzero().squeeze(1);
            Tensor Rows(Tensor of) => of.reshape(-1, Features).index(TensorIndex.Tensor(rows));
            var (center, deviation, sample) = (Rows(clean) + Rows(means), Rows(stds), Rows(noisy));
            var variance = deviation.square();
            var differences = center.unsqueeze(1) - center.unsqueeze(0);
            var divergence = (((variance.unsqueeze(1) + differences.square()) / variance.unsqueeze(0)) - 1 - variance.log().unsqueeze(1) + variance.log().unsqueeze(0)).sum(-1) / 2;
            var count = rows.shape[0];
            var expectedPairwise = -(divergence.neg().logsumexp(1) - Math.Log(count)).mean();
            var densities = -((((sample.unsqueeze(1) - center.unsqueeze(0)).square() / variance.unsqueeze(0)) + variance.log().unsqueeze(0)).sum(-1) / 2);
            var own = densities.diagonal();
            var others = densities.masked_fill(eye(count, dtype: ScalarType.Bool), double.NegativeInfinity).logsumexp(1) - Math.Log(count - 1);
            var expectedLeaveOneOut = (own - others).mean();
            Steps.Near(expectedPairwise, pairwise, 1e-9, "pairwise");
            Steps.Near(expectedLeaveOneOut, leaveOneOut, 1e-9, "leave one out");
            (expectedPairwise + expectedLeaveOneOut).backward();
            foreach (var (gradient, input) in found.Zip([clean, means, stds, noisy]))
            {
                Steps.Near(input.grad!, gradient, 1e-8, "a gradient");
            }
        },
        iter: 3);

    [Fact]
    public void A_rate_with_a_prior_of_its_own_asks_nothing_of_other_tokens() => Gen.Int[0, 1000].Sample(
        seed =>
        {
            using var scope = NewDisposeScope();
            var steps = new Steps(seed);
            var (batch, sequence, features) = (1 + (seed % 3), 2 + (seed % 5), 1 + (seed % 4));
            Tensor Leaf(Tensor of) => of.detach().requires_grad_();
            Tensor[] inputs = [Leaf(steps.Numbers(batch, sequence, features)), Leaf(steps.Numbers(batch, sequence, features)), Leaf(steps.Numbers(batch, sequence, features).exp())];
            var noise = steps.Mask(steps.Bits(batch * sequence, 0.9), batch, sequence, packed: true);
            var counted = noise & steps.Mask(steps.Bits(batch * sequence, 0.6), batch, sequence, packed: true);
            Tensor rate = EmbeddingTerms.Here.InformationRate(inputs[0], inputs[1], inputs[2], counted, noise, repeats: 3, ownPrior: true);
            rate.backward();
            Tensor[] found = [.. inputs.Select(input => input.grad!.clone())];
            foreach (var input in inputs)
            {
                input.grad = null;
            }

            var rows = counted.Value.reshape(-1).nonzero().squeeze(1);
            Tensor Rows(Tensor of) => of.reshape(-1, features).index(TensorIndex.Tensor(rows));
            var (center, variance) = (Rows(inputs[0]) + Rows(inputs[1]), Rows(inputs[2]).square() / 3);
            var deviation = center - center.mean([0]);
            var prior = (deviation.square() + variance).mean([0]);
            var expected = rows.shape[0] == 0 ? inputs[0].sum() * 0 : (((deviation.square() + variance) / prior) - 1 - (variance / prior).log()).sum(1).mean() / 2;
            Steps.Near(expected, rate, 1e-9, "the rate");
            expected.backward();
            foreach (var (gradient, input) in found.Zip(inputs))
            {
                Steps.Near(input.grad ?? zeros_like(input), gradient, 1e-8, "a gradient");
            }
        },
        iter: 100);

    [Fact]
    public void A_number_of_copies_below_one_is_refused()
    {
        using var scope = NewDisposeScope();
        var steps = new Steps(1);
        var (tokens, mask) = (steps.Numbers(1, 2, 3), steps.Mask([true, true], 1, 2, packed: true));
        Assert.Contains("repeats is 0", Assert.Throws<ArgumentException>(() => InformationRate.Compute(tokens, tokens, tokens.exp(), mask, mask, repeats: 0)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_bound_runs_without_values()
    {
        using var scope = NewDisposeScope();
        Tensor Empty() => zeros([2, 3, 4], dtype: ScalarType.Float32, device: META).requires_grad_();
        var mask = RowMask.FromTensor(zeros([2, 3], dtype: ScalarType.Bool, device: META));
        var (clean, means, stds) = (Empty(), Empty(), Empty());
        foreach (var value in (Tensor[])[InformationRate.Compute(clean, means, stds, mask, mask), CounterfactualDivergence.Compute((clean, means, stds), (clean, means, stds), mask), PairwiseInformation.Compute(clean, means, stds, mask), LeaveOneOutInformation.Compute(clean, means, stds, Empty(), mask)])
        {
            Assert.Equal(DeviceType.META, value.device_type);
            value.backward();
        }
    }
}
