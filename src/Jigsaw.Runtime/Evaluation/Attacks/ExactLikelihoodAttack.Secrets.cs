using Jigsaw.Tensors;
using Jigsaw.Transforms;
using static TorchSharp.torch;

namespace Jigsaw.Evaluation.Attacks;

public sealed partial class ExactLikelihoodAttack
{
    /// <summary>KL(p_i ‖ p_j), in nats, between what the transform gives for each of N values of a secret in the otherwise true prompt, all transformed tokens from the secret's place on.</summary>
    /// <param name="ids">The row's tokens, without padding.</param>
    /// <param name="noise">Which of them were transformed.</param>
    /// <param name="place">Where the secret begins.</param>
    /// <param name="values">The secret's values as token ids, all of one length.</param>
    /// <returns>N by N each: what codewords add, and what standard deviations add.</returns>
    internal (double[,] Codewords, double[,] Stds) Divergences(long[] ids, bool[] noise, int place, IReadOnlyList<long[]> values)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var (codewords, stds) = Seen(ids, noise, place, values);

        // Distances don't change by a shift, and a common one would only cancel.
        var means = (codewords - codewords.mean([0], keepdim: true)).flatten(1).to(ScalarType.Float64);
        var variances = stds.flatten(1).to(ScalarType.Float64).Squared();
        var precisions = variances.reciprocal();
        var logs = variances.log().sum(1);
        var distances = (means.Squared().matmul(precisions.t()) - (means * Scalars.Of(2)).matmul((means * precisions).t())).Plus((means.Squared() * precisions).sum(1));
        var spreads = variances.matmul(precisions.t()).Plus(logs) - logs.unsqueeze(-1) - Scalars.Of(means.shape[1]);
        return (Square(distances), Square(spreads));

        double[,] Square(Tensor doubled)
        {
            var result = new double[values.Count, values.Count];
            Buffer.BlockCopy((doubled * Scalars.Of(0.5)).cpu().data<double>().ToArray(), 0, result, 0, result.Length * sizeof(double));
            return result;
        }
    }

    /// <summary>How likely each of N values of a secret is by the prompt's prior alone, and with x̃: natural logarithms, each up to a constant.</summary>
    /// <param name="ids">The row's tokens, without padding.</param>
    /// <param name="noise">Which of them were transformed.</param>
    /// <param name="place">Where the secret begins.</param>
    /// <param name="values">The secret's values as token ids, all of one length.</param>
    /// <param name="observed">x̃, shape (tokens, features), each with how many draws it is the mean of.</param>
    /// <returns>The prior, and a posterior for each x̃.</returns>
    internal (double[] Prior, IReadOnlyList<double[]> Posteriors) Rate(long[] ids, bool[] noise, int place, IReadOnlyList<long[]> values, params IReadOnlyList<(Tensor Noisy, int Draws)> observed)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var end = Array.LastIndexOf(noise, true) + 1;
        var (codewords, stds) = Seen(ids, noise, place, values);
        var ends = Variants(ids[place..end], 0, values);
        var priors = _prior.OfEnds(ids[..place], ends);
        var rows = _prior.Ids(LikelihoodSearch.Places(noise).Where(t => t >= place).Select(t => (long)t));
        return (priors.cpu().data<double>().ToArray(), [.. observed.Select(seen =>
            priors.Plus(CodewordDensity.LogDensity(seen.Noisy.index_select(0, rows), codewords, stds, seen.Draws).sum(1)).cpu().data<double>().ToArray())]);
    }

    /// <summary>Codewords and σ of the transformed tokens from a place on, shape (values, tokens, features).</summary>
    private (Tensor Codewords, Tensor Stds) Seen(long[] ids, bool[] noise, int place, IReadOnlyList<long[]> values)
    {
        var end = Array.LastIndexOf(noise, true) + 1;
        if (place + values[0].Length > end)
        {
            throw new ArgumentException($"The secret is at {place}, and the last transformed token at {end - 1}; give the place of a secret that the noise mask covers.", nameof(place));
        }

        var (codewords, stds) = _density.Moments(Variants(ids[..end], place, values), place);
        var counted = _prior.Ids(LikelihoodSearch.Places(noise).Where(t => t >= place).Select(t => (long)(t - place)));
        return (codewords.index_select(1, counted), stds.index_select(1, counted));
    }

    private Tensor Variants(long[] ids, int place, IReadOnlyList<long[]> values) =>
        stack([.. values.Select(value => _prior.Ids([.. ids[..place], .. value, .. ids[(place + value.Length)..]]))]);
}
