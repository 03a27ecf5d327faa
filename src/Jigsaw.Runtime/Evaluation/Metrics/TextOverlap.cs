namespace Jigsaw.Evaluation.Metrics;

/// <summary>How much of a text another one repeats.</summary>
internal static class TextOverlap
{
    /// <summary>The F measure of the longest common subsequence, 0 to 1; 0 if a sequence is empty.</summary>
    /// <remarks>Source: Lin, ROUGE: A Package for Automatic Evaluation of Summaries, section 3, with β = 1.</remarks>
    public static double RougeL<T>(IReadOnlyList<T> truth, IReadOnlyList<T> read)
    {
        var common = LongestCommon(truth, read);
        return common == 0 ? 0 : 2.0 * common / (truth.Count + read.Count);
    }

    /// <summary>The F measure of the sets of tokens, 0 to 1; 0 if a set is empty.</summary>
    public static double SetF1<T>(IEnumerable<T> truth, IEnumerable<T> read)
    {
        var (wanted, found) = (truth.ToHashSet(), read.ToHashSet());
        var common = wanted.Count(found.Contains);
        return common == 0 ? 0 : 2.0 * common / (wanted.Count + found.Count);
    }

    /// <summary>True if a fact stands in a text for the most part: a stretch of the text of the fact's length has an edit similarity of at least 0.8, case folded.</summary>
    public static bool HasMostOf(string text, string fact)
    {
        const double Enough = 0.8;
        if (fact.Length == 0)
        {
            return false;
        }

        // The distance to the best stretch: a row of the table starts at no cost anywhere in the text.
        var (upper, lower) = (text.ToUpperInvariant(), fact.ToUpperInvariant());
        var before = new int[upper.Length + 1];
        for (var i = 1; i <= lower.Length; i++)
        {
            var row = new int[upper.Length + 1];
            row[0] = i;
            for (var j = 1; j <= upper.Length; j++)
            {
                row[j] = Math.Min(Math.Min(row[j - 1], before[j]) + 1, before[j - 1] + (lower[i - 1] == upper[j - 1] ? 0 : 1));
            }

            before = row;
        }

        return 1 - (before.Min() / (double)lower.Length) >= Enough;
    }

    private static int LongestCommon<T>(IReadOnlyList<T> first, IReadOnlyList<T> second)
    {
        var before = new int[second.Count + 1];
        foreach (var token in first)
        {
            var row = new int[second.Count + 1];
            for (var j = 1; j <= second.Count; j++)
            {
                row[j] = EqualityComparer<T>.Default.Equals(token, second[j - 1]) ? before[j - 1] + 1 : Math.Max(before[j], row[j - 1]);
            }

            before = row;
        }

        return before[^1];
    }
}
