using System.Text;

namespace Jigsaw.Tokenization.Templates;

/// <summary>A text that remembers which of its characters are a message's content, through everything that a template does to it.</summary>
internal sealed class MarkedText
{
    private MarkedText(string text, IReadOnlyList<ContentSpan> spans)
    {
        Text = text;
        Spans = spans;
    }

    public static MarkedText Empty { get; } = new(string.Empty, []);

    public string Text { get; }

    /// <summary>In order; empty contents are there too.</summary>
    public IReadOnlyList<ContentSpan> Spans { get; }

    public static MarkedText Plain(string text) => new(text, []);

    public static MarkedText Content(string text, int message) => new(text, [new ContentSpan(message, 0, text.Length)]);

    public static MarkedText Concat(IEnumerable<MarkedText> parts)
    {
        var text = new StringBuilder();
        var spans = new List<ContentSpan>();
        foreach (var part in parts)
        {
            spans.AddRange(part.Spans.Select(span => span with { Start = span.Start + text.Length, End = span.End + text.Length }));
            text.Append(part.Text);
        }

        return new MarkedText(text.ToString(), spans);
    }

    public MarkedText Slice(int start, int end) => new(
        Text[start..end],
        [.. Spans.Where(span => span.Start < end && span.End > start || span.Start == span.End && span.Start >= start && span.Start <= end)
            .Select(span => span with { Start = Math.Max(span.Start, start) - start, End = Math.Min(span.End, end) - start })]);

    public MarkedText Trim(string? characters, bool atStart, bool atEnd)
    {
        var (start, end) = (0, Text.Length);
        while (atStart && start < end && IsTrimmed(Text[start]))
        {
            start++;
        }

        while (atEnd && end > start && IsTrimmed(Text[end - 1]))
        {
            end--;
        }

        var trimmed = Slice(start, end);

        // What is trimmed away whole is still where it was.
        return trimmed.Spans.Count == 0 && start == end && Spans.Count > 0
            ? new MarkedText(string.Empty, [new ContentSpan(Spans[^1].Message, 0, 0)])
            : trimmed;

        bool IsTrimmed(char c) => characters is null ? char.IsWhiteSpace(c) : characters.Contains(c, StringComparison.Ordinal);
    }

    public IEnumerable<MarkedText> Split(string separator, int most = int.MaxValue)
    {
        var start = 0;
        for (var found = Text.IndexOf(separator, StringComparison.Ordinal); found >= 0 && most > 0; found = Text.IndexOf(separator, start, StringComparison.Ordinal), most--)
        {
            yield return Slice(start, found);
            start = found + separator.Length;
        }

        yield return Slice(start, Text.Length);
    }

    public MarkedText Replace(string old, MarkedText with) => old.Length == 0 ? this : Join(with, Split(old));

    public static MarkedText Join(MarkedText separator, IEnumerable<MarkedText> parts) =>
        Concat(parts.SelectMany((part, i) => i == 0 ? [part] : new[] { separator, part }));

    /// <summary>Another spelling of the same characters; one of another length is the content's as a whole where any of it was.</summary>
    public MarkedText Respelled(string text) => text.Length == Text.Length || Spans.Count == 0
        ? new MarkedText(text, Spans)
        : new MarkedText(text, [new ContentSpan(Spans[0].Message, 0, text.Length)]);

    public override string ToString() => Text;
}
