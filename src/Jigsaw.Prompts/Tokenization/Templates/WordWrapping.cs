using System.Text.RegularExpressions;

namespace Jigsaw.Tokenization.Templates;

/// <summary>Python's textwrap.wrap, as Jinja's filter <c>wordwrap</c> calls it, over marked texts.</summary>
internal static partial class WordWrapping
{
    public static MarkedText Wrap(MarkedText text, int width, bool breakLongWords, MarkedText wrapString, bool breakOnHyphens) =>
        MarkedTextBuilder.Join(wrapString, TextMethods.SplitLines(text).Select(line => MarkedTextBuilder.Join(wrapString, Lines(line, width, breakLongWords, breakOnHyphens))));

    private static List<MarkedText> Lines(MarkedText text, int width, bool breakLongWords, bool breakOnHyphens)
    {
        if (width <= 0)
        {
            throw new TemplateException("wraps a text to a width of less than 1");
        }

        TemplateWork.Spend(16 * text.Length);
        var chunks = new Stack<MarkedText>(Enumerable.Reverse(Chunks(text, breakOnHyphens)));
        var lines = new List<MarkedText>();
        while (chunks.Count > 0)
        {
            var line = new List<MarkedText>();
            var length = 0;
            if (lines.Count > 0 && IsBlank(chunks.Peek()))
            {
                chunks.Pop();
            }

            while (chunks.Count > 0 && length + chunks.Peek().CodePoints <= width)
            {
                length += chunks.Peek().CodePoints;
                line.Add(chunks.Pop());
            }

            if (chunks.Count > 0 && chunks.Peek().CodePoints > width)
            {
                BreakLong(chunks, line, width - length, breakLongWords, breakOnHyphens);
            }

            if (line.Count > 0 && IsBlank(line[^1]))
            {
                line.RemoveAt(line.Count - 1);
            }

            if (line.Count > 0)
            {
                lines.Add(MarkedTextBuilder.Concat(line));
            }
        }

        return lines;
    }

    private static void BreakLong(Stack<MarkedText> chunks, List<MarkedText> line, int space, bool breakLongWords, bool breakOnHyphens)
    {
        if (!breakLongWords)
        {
            if (line.Count == 0)
            {
                line.Add(chunks.Pop());
            }

            return;
        }

        var chunk = chunks.Pop();
        var end = space;
        if (breakOnHyphens && chunk.CodePoints > space)
        {
            var limit = chunk.Offset(Math.Min(Math.Max(space, 0), chunk.CodePoints));
            var hyphen = limit > 0 ? chunk.Text.LastIndexOf('-', limit - 1) : -1;
            if (hyphen > 0 && chunk.Text.AsSpan(0, hyphen).ContainsAnyExcept('-'))
            {
                end = chunk.CodePointAt(hyphen) + 1;
            }
        }

        line.Add(chunk.SliceCodePoints(0, end));
        chunks.Push(chunk.SliceCodePoints(end, chunk.CodePoints));
    }

    private static List<MarkedText> Chunks(MarkedText text, bool breakOnHyphens)
    {
        var chunks = new List<MarkedText>();
        var at = 0;
        foreach (var match in (breakOnHyphens ? WithHyphens() : Simple()).EnumerateMatches(text.Text))
        {
            Cut(match.Index);
            Cut(match.Index + match.Length);
        }

        Cut(text.Length);
        return chunks;

        void Cut(int end)
        {
            if (end > at)
            {
                chunks.Add(text.Slice(at, end));
                at = end;
            }
        }
    }

    private static bool IsBlank(MarkedText chunk) => chunk.Text.All(c => TextCharacters.IsSpace(c));

    /// <summary>textwrap's wordsep_re.</summary>
    [GeneratedRegex("""
        [\t\n\x0b\x0c\r\ ]+
        | (?<=[\w!"'&.,?])-{2,}(?=\w)
        | [^\t\n\x0b\x0c\r\ ](?:
            [^\t\n\x0b\x0c\r\ ]*?(?:
              -(?:(?<=[^\d\W]{2}-)|(?<=[^\d\W]-[^\d\W]-))(?=[^\d\W]-?[^\d\W])
              | (?=[\t\n\x0b\x0c\r\ ]|\z)
              | (?<=[\w!"'&.,?])(?=-{2,}\w)
            )
          )
        """, RegexOptions.IgnorePatternWhitespace | RegexOptions.CultureInvariant, 2000)]
    private static partial Regex WithHyphens();

    [GeneratedRegex(@"[\t\n\x0b\x0c\r ]+|[^\t\n\x0b\x0c\r ]+", RegexOptions.CultureInvariant)]
    private static partial Regex Simple();
}
