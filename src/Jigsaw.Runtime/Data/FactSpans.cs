namespace Jigsaw.Data;

/// <summary>Where a fact stands in a text.</summary>
internal static class FactSpans
{
    /// <summary>The places of a fact, whole: not within a longer word or number.</summary>
    public static IEnumerable<Range> Of(string? text, string fact)
    {
        if (text is null || fact.Length == 0)
        {
            yield break;
        }

        for (var start = text.IndexOf(fact, StringComparison.Ordinal); start >= 0; start = text.IndexOf(fact, start + 1, StringComparison.Ordinal))
        {
            var end = start + fact.Length;
            if (!(start > 0 && char.IsLetterOrDigit(text[start - 1]) && char.IsLetterOrDigit(fact[0]))
                && !(end < text.Length && char.IsLetterOrDigit(text[end]) && char.IsLetterOrDigit(fact[^1])))
            {
                yield return start..end;
            }
        }
    }
}
