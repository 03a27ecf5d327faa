using System.Runtime.InteropServices;
using Jigsaw.Transforms.Noise;
using static TorchSharp.torch;

namespace Jigsaw.Runtime.Tests.Transforms;

public sealed class SecureNoiseTests
{
    private const int Draws = 10_000_000;

    private static readonly Lazy<double[]> _numbers = new(() =>
    {
        using var noise = new SecureNoise();
        using var numbers = noise.Draw([Draws], CPU);
        return numbers.data<double>().ToArray();
    });

    [Fact]
    public void Its_moments_are_those_of_the_standard_normal()
    {
        // Five standard errors: √(1/n), √(2/n), √(15/n), √(96/n).
        var root = 5 / Math.Sqrt(Draws);
        Assert.InRange(Moment(1), -root, root);
        Assert.InRange(Moment(2), 1 - (Math.Sqrt(2) * root), 1 + (Math.Sqrt(2) * root));
        Assert.InRange(Moment(3), -Math.Sqrt(15) * root, Math.Sqrt(15) * root);
        Assert.InRange(Moment(4), 3 - (Math.Sqrt(96) * root), 3 + (Math.Sqrt(96) * root));
    }

    [Fact]
    public void Its_distribution_passes_kolmogorov_and_smirnov()
    {
        const int Sample = 1_000_000;
        var sorted = _numbers.Value[..Sample];
        Array.Sort(sorted);
        var largest = 0.0;
        for (var i = 0; i < Sample; i++)
        {
            var expected = Normal(sorted[i]);
            largest = Math.Max(largest, Math.Max(Math.Abs(expected - ((double)i / Sample)), Math.Abs(expected - ((i + 1.0) / Sample))));
        }

        // P(√n·D > 2.6) is about 3e-6.
        Assert.InRange(Math.Sqrt(Sample) * largest, 0, 2.6);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public void Its_tails_have_the_mass_of_the_normal(int deviations)
    {
        var expected = 2 * Draws * (1 - Normal(deviations));
        var actual = _numbers.Value.Count(number => Math.Abs(number) > deviations);

        // Of a Poisson number, five deviations and five more.
        Assert.InRange(actual, expected - (5 * Math.Sqrt(expected)) - 5, expected + (5 * Math.Sqrt(expected)) + 5);
    }

    [Fact]
    public void Neighbors_and_halves_of_a_pair_are_not_correlated()
    {
        foreach (var lag in (int[])[1, 2, 3, 4, 8, SecureNormals.BlockLength / 2, SecureNormals.BlockLength])
        {
            var sum = 0.0;
            for (var i = 0; i + lag < Draws; i++)
            {
                sum += _numbers.Value[i] * _numbers.Value[i + lag];
            }

            Assert.InRange(sum / (Draws - lag), -5 / Math.Sqrt(Draws), 5 / Math.Sqrt(Draws));
        }
    }

    [Fact]
    public void No_block_comes_twice()
    {
        // Two equal numbers of 53 bits are likely among ten million; two equal pairs are not.
        var pairs = MemoryMarshal.Cast<double, (double, double)>(_numbers.Value).ToArray();
        Assert.Equal(pairs.Length, pairs.ToHashSet().Count);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    [InlineData(SecureNormals.BlockLength + 1)]
    public void Every_number_of_any_count_is_drawn(int count)
    {
        using var noise = new SecureNoise();
        using var numbers = noise.Draw([count], CPU);
        Assert.All(numbers.data<double>().ToArray(), number => Assert.True(double.IsFinite(number) && number != 0));
    }

    [Fact]
    public void It_is_drawn_in_double_precision_and_two_draws_are_never_alike()
    {
        using var scope = NewDisposeScope();
        using var source = new SecureNoise();
        var (first, second) = (source.Draw([3, 5], CPU), source.Draw([3, 5], CPU));
        Assert.Equal(ScalarType.Float64, first.dtype);
        Assert.Equal([3, 5], first.shape);
        Assert.False(first.eq(second).any().item<bool>());
        Assert.Equal([0, 4], source.Draw([0, 4], CPU).shape);
    }

    private static double Moment(int power) => _numbers.Value.Sum(number => Math.Pow(number, power)) / Draws;

    /// <summary>The distribution function of the standard normal, by a continued fraction in the tails and a series in the middle.</summary>
    private static double Normal(double x)
    {
        var z = Math.Abs(x);
        double upper;
        if (z < 3)
        {
            var (term, sum) = (z, z);
            for (var i = 1; i < 60; i++)
            {
                term *= z * z / ((2 * i) + 1);
                sum += term;
            }

            upper = 0.5 - (sum * Math.Exp(-z * z / 2) / Math.Sqrt(2 * Math.PI));
        }
        else
        {
            var fraction = z;
            for (var i = 60; i > 0; i--)
            {
                fraction = z + (i / fraction);
            }

            upper = Math.Exp(-z * z / 2) / (Math.Sqrt(2 * Math.PI) * fraction);
        }

        return x > 0 ? 1 - upper : upper;
    }
}
