using System.Globalization;

namespace Jigsaw.Training.Optimizers;

/// <summary>The numbers that an optimizer is made with.</summary>
internal static class OptimizerNumbers
{
    /// <summary>Numbers as text.</summary>
    /// <param name="numbers">Names and numbers.</param>
    internal static string Text(params ReadOnlySpan<(string Name, double Number)> numbers)
    {
        var parts = new List<string>();
        foreach (var (name, number) in numbers)
        {
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"{name} {number}"));
        }

        return string.Join(", ", parts);
    }

    /// <summary>Checks a learning rate and a weight decay.</summary>
    /// <exception cref="ArgumentOutOfRangeException">One is out of its range.</exception>
    internal static void RequireRates(double lr, double weightDecay)
    {
        Require(double.IsFinite(lr) && lr >= 0, lr, nameof(lr), "a finite number that is at least 0");
        Require(double.IsFinite(weightDecay) && weightDecay >= 0, weightDecay, nameof(weightDecay), "a finite number that is at least 0");
    }

    /// <summary>Checks a share of the past that a moving mean or a momentum keeps.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is out of its range.</exception>
    internal static void RequireShare(double number, string name) => Require(number is >= 0 and < 1, number, name, "a number in [0, 1)");

    private static void Require(bool holds, double number, string name, string rule)
    {
        if (!holds)
        {
            throw new ArgumentOutOfRangeException(name, number, string.Create(CultureInfo.InvariantCulture, $"{name} of an optimizer is {number}; use {rule}."));
        }
    }
}
