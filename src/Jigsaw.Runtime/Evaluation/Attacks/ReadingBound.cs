namespace Jigsaw.Evaluation.Attacks;

/// <summary>What no attacker can beat at naming one of N equally likely secrets, in closed form.</summary>
internal static class ReadingBound
{
    /// <summary>An upper bound of the mutual information between a secret of N values and n independent draws of what is seen, −mean_i ln mean_j exp(−n·KL(p_i ‖ p_j)), in nats.</summary>
    /// <remarks>Source: Kolchinsky and Tracey, Estimating mixture entropy with pairwise distances, equation 10; independent draws add their divergences.</remarks>
    /// <param name="codewords">What codewords add to KL(p_i ‖ p_j), N by N, nats.</param>
    /// <param name="stds">What standard deviations add.</param>
    /// <param name="draws">n.</param>
    public static double Nats(double[,] codewords, double[,] stds, int draws) => Nats(codewords, draws, stds, draws);

    /// <summary>The same for an attacker who keeps the mean of the draws only, N(codeword, σ²/n): n counts what codewords add.</summary>
    /// <param name="codewords">What codewords add to KL(p_i ‖ p_j), N by N, nats.</param>
    /// <param name="stds">What standard deviations add.</param>
    /// <param name="draws">n.</param>
    public static double NatsOfMean(double[,] codewords, double[,] stds, int draws) => Nats(codewords, draws, stds, 1);

    /// <summary>The largest p with p·ln(p·N) + (1 − p)·ln((1 − p) / (1 − 1/N)) ≤ I: the largest chance to name the secret (Fano's inequality as a divergence).</summary>
    /// <param name="nats">I.</param>
    /// <param name="count">N, at least 2.</param>
    public static double LargestSuccess(double nats, int count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 2);
        if (double.IsNaN(nats))
        {
            throw new ArgumentException("The divergences are not finite, so there is no bound; check the transform's parameters.", nameof(nats));
        }

        if (nats >= Math.Log(count))
        {
            return 1;
        }

        var (low, high) = (1.0 / count, 1.0);
        for (var step = 0; step < 100; step++)
        {
            var middle = (low + high) / 2;
            var divergence = (middle * Math.Log(middle * count)) + (middle < 1 ? (1 - middle) * Math.Log((1 - middle) / (1 - (1.0 / count))) : 0);
            (low, high) = divergence <= nats ? (middle, high) : (low, middle);
        }

        return low;
    }

    private static double Nats(double[,] codewords, int ofCodewords, double[,] stds, int ofStds)
    {
        var count = codewords.GetLength(0);
        var sum = 0.0;
        for (var i = 0; i < count; i++)
        {
            var inner = 0.0;
            for (var j = 0; j < count; j++)
            {
                inner += Math.Exp(-Math.Max(0, (ofCodewords * codewords[i, j]) + (ofStds * stds[i, j])));
            }

            sum -= Math.Log(inner / count);
        }

        return Math.Max(0, sum / count);
    }
}
