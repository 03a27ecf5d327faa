using System.Text.Json.Nodes;

namespace Jigsaw.CommandLine.Sweeps;

/// <summary>Something that a sweep varies.</summary>
/// <param name="Name">The option's name without the dashes, or the name of a number of the recipe.</param>
/// <param name="IsOption">True if it is an option; false if a number of the recipe.</param>
internal sealed record SweepParameter(string Name, bool IsOption)
{
    /// <summary>The values to choose from; empty if it is a range.</summary>
    public IReadOnlyList<JsonNode> Values { get; init; } = [];

    /// <summary>The ends of a range.</summary>
    public (double From, double To) Range { get; init; }

    /// <summary>True if a range is divided by factors, false if by differences.</summary>
    public bool IsLogarithmic { get; init; }

    /// <summary>True if only whole numbers are drawn from a range.</summary>
    public bool IsWhole { get; init; }

    /// <summary>Values of a range in a grid; null if it was not told.</summary>
    public int? Count { get; init; }

    /// <summary>A place in a range.</summary>
    /// <param name="share">0 for its beginning, 1 for its end.</param>
    internal JsonNode At(double share)
    {
        var (from, to) = Range;
        var value = IsLogarithmic ? from * Math.Pow(to / from, share) : from + ((to - from) * share);
        value = share <= 0 ? from : share >= 1 ? to : value;
        return IsWhole ? (long)Math.Round(value) : value;
    }

    /// <summary>The values of a grid.</summary>
    internal IReadOnlyList<JsonNode> Grid() =>
        Values.Count > 0 ? Values : [.. Enumerable.Range(0, Count!.Value).Select(i => At(Count == 1 ? 0 : i / (Count.Value - 1.0)))];

    /// <summary>A value that is drawn.</summary>
    internal JsonNode Draw(Random random) => Values.Count > 0 ? Values[random.Next(Values.Count)] : At(random.NextDouble());
}
