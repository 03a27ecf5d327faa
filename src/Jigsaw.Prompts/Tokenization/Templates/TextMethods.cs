namespace Jigsaw.Tokenization.Templates;

/// <summary>What Python's methods of texts do to a text and its marks: cutting, searching, joining. <see cref="TextCases"/> has those that spell it anew.</summary>
internal static class TextMethods
{
    public static MarkedText Strip(MarkedText text, string? characters, bool left = true, bool right = true)
    {
        TemplateWork.SpendSearch(text.Length, characters?.Length ?? 1);
        var (start, end) = (0, text.Length);
        while (left && start < end && Is(start))
        {
            start += text.SizeAt(start);
        }

        while (right && end > start && Before(end) is var before && Is(before))
        {
            end = before;
        }

        var stripped = text.Slice(start, end);

        // What is stripped away whole is still where it was.
        return stripped.Length == 0 && stripped.Runs.Count == 0 && text.Runs.Count > 0
            ? new MarkedText(string.Empty, [new MarkRun(0, 0, text.Runs[^1].Mark)], stripped.IsMarkup)
            : stripped;

        int Before(int at) => at - (at > 1 && char.IsSurrogatePair(text.Text[at - 2], text.Text[at - 1]) ? 2 : 1);

        bool Is(int at) => characters is null
            ? TextCharacters.IsSpace(text.Text[at])
            : characters.AsSpan().IndexOf(text.Text.AsSpan(at, text.SizeAt(at))) >= 0;
    }

    /// <summary>Where a text is found within the code points [start, end), in UTF-16 units; -1 where it is not.</summary>
    public static int Find(MarkedText text, MarkedText sought, int? start, int? end, bool last = false)
    {
        var (from, to) = Bounds(text.CodePoints, start, end);
        if (from > to)
        {
            return -1;
        }

        TemplateWork.SpendSearch(text.Length, sought.Length);
        var (first, stop) = (text.Offset(from), text.Offset(to));
        var span = text.Text.AsSpan(first, stop - first);
        var at = last ? span.LastIndexOf(sought.Text) : span.IndexOf(sought.Text);
        return at < 0 ? -1 : sought.Length == 0 && last ? stop : first + at;
    }

    public static int Count(MarkedText text, MarkedText sought, int? start, int? end)
    {
        var (from, to) = Bounds(text.CodePoints, start, end);
        if (from > to)
        {
            return 0;
        }

        if (sought.Length == 0)
        {
            return to - from + 1;
        }

        TemplateWork.SpendSearch(text.Length, sought.Length);
        var (first, stop) = (text.Offset(from), text.Offset(to));
        return text.Text.AsSpan(first, stop - first).Count(sought.Text);
    }

    /// <summary>Python's start and end of a slice, brought into the length.</summary>
    public static (int Start, int End) Bounds(int length, int? start, int? end)
    {
        var from = start is { } s ? (s < 0 ? Math.Max(s + length, 0) : s) : 0;
        var to = end is { } e ? (e < 0 ? Math.Max(e + length, 0) : Math.Min(e, length)) : length;
        return (from, to);
    }

    public static MarkedText Replace(MarkedText text, MarkedText old, MarkedText with, int count)
    {
        count = count < 0 ? int.MaxValue : count;
        var builder = new MarkedTextBuilder();
        if (old.Length == 0)
        {
            var left = count;
            for (var i = 0; i < text.Length;)
            {
                if (left-- > 0)
                {
                    builder.Append(with);
                }

                var size = text.SizeAt(i);
                builder.Append(text, i, i + size);
                i += size;
            }

            return left > 0 ? builder.Append(with).ToText() : builder.ToText();
        }

        TemplateWork.SpendSearch(text.Length, old.Length);
        var at = 0;
        for (; count > 0 && text.Text.IndexOf(old.Text, at, StringComparison.Ordinal) is >= 0 and var found; count--)
        {
            builder.Append(text, at, found).Append(with);
            at = found + old.Length;
        }

        return builder.Append(text, at, text.Length).ToText();
    }

    public static IEnumerable<MarkedText> Split(MarkedText text, MarkedText separator, int most)
    {
        if (separator.Length == 0)
        {
            throw new TemplateException("splits a text at an empty text");
        }

        TemplateWork.SpendSearch(text.Length, separator.Length);
        var start = 0;
        for (; most != 0 && text.Text.IndexOf(separator.Text, start, StringComparison.Ordinal) is >= 0 and var found; most--)
        {
            yield return text.Slice(start, found);
            start = found + separator.Length;
        }

        yield return text.Slice(start, text.Length);
    }

    public static IEnumerable<MarkedText> SplitFromRight(MarkedText text, MarkedText separator, int most)
    {
        if (separator.Length == 0)
        {
            throw new TemplateException("splits a text at an empty text");
        }

        TemplateWork.SpendSearch(text.Length, separator.Length);
        var parts = new List<MarkedText>();
        var end = text.Length;
        for (; most != 0 && text.Text.AsSpan(0, end).LastIndexOf(separator.Text) is >= 0 and var found; most--)
        {
            parts.Add(text.Slice(found + separator.Length, end));
            end = found;
        }

        parts.Add(text.Slice(0, end));
        parts.Reverse();
        return parts;
    }

    public static IEnumerable<MarkedText> SplitOnWhiteSpace(MarkedText text, int most)
    {
        var at = 0;
        while (true)
        {
            while (at < text.Length && TextCharacters.IsSpace(text.Text[at]))
            {
                at++;
            }

            if (at == text.Length)
            {
                yield break;
            }

            if (most-- == 0)
            {
                yield return text.Slice(at, text.Length);
                yield break;
            }

            var start = at;
            while (at < text.Length && !TextCharacters.IsSpace(text.Text[at]))
            {
                at++;
            }

            yield return text.Slice(start, at);
        }
    }

    public static IEnumerable<MarkedText> SplitOnWhiteSpaceFromRight(MarkedText text, int most)
    {
        var parts = new List<MarkedText>();
        var end = text.Length;
        while (true)
        {
            while (end > 0 && TextCharacters.IsSpace(text.Text[end - 1]))
            {
                end--;
            }

            if (end == 0)
            {
                break;
            }

            if (most-- == 0)
            {
                parts.Add(text.Slice(0, end));
                break;
            }

            var stop = end;
            while (end > 0 && !TextCharacters.IsSpace(text.Text[end - 1]))
            {
                end--;
            }

            parts.Add(text.Slice(end, stop));
        }

        parts.Reverse();
        return parts;
    }

    public static IEnumerable<MarkedText> SplitLines(MarkedText text, bool keepEnds = false)
    {
        var start = 0;
        for (var i = 0; i < text.Length;)
        {
            if (!TextCharacters.IsLineBreak(text.Text[i]))
            {
                i++;
                continue;
            }

            var end = i + (text.Text[i] == '\r' && i + 1 < text.Length && text.Text[i + 1] == '\n' ? 2 : 1);
            yield return text.Slice(start, keepEnds ? end : i);
            start = i = end;
        }

        if (start < text.Length)
        {
            yield return text.Slice(start, text.Length);
        }
    }

    /// <summary>Filled up to a number of code points.</summary>
    public static MarkedText Justify(MarkedText text, int width, MarkedText fill, Func<int, int> left)
    {
        if (fill.CodePoints != 1)
        {
            throw new TemplateException("fills a text up with other than one character");
        }

        var missing = Math.Max(width - text.CodePoints, 0);
        var before = left(missing);
        return new MarkedTextBuilder().Repeat(fill, before).Append(text).Repeat(fill, missing - before).ToText();
    }

    /// <summary>Python's center puts the odd character to the left where the width is odd.</summary>
    public static MarkedText Center(MarkedText text, int width, MarkedText fill) => Justify(text, width, fill, missing => (missing / 2) + (missing & width & 1));

    public static MarkedText FillZeros(MarkedText text, int width)
    {
        var missing = width - text.CodePoints;
        if (missing <= 0)
        {
            return text;
        }

        var sign = text.Length > 0 && text.Text[0] is '+' or '-' ? 1 : 0;
        return new MarkedTextBuilder().Append(text, 0, sign).Repeat('0', missing).Append(text, sign, text.Length).ToText();
    }

    public static MarkedText ExpandTabs(MarkedText text, int size)
    {
        var builder = new MarkedTextBuilder();
        var column = 0;
        for (var i = 0; i < text.Length;)
        {
            var step = text.SizeAt(i);
            if (text.Text[i] == '\t')
            {
                var spaces = size > 0 ? size - (column % size) : 0;
                TemplateWork.SpendText(spaces);
                builder.Append(new string(' ', spaces), text.MarkAt(i));
                column += spaces;
            }
            else
            {
                builder.Append(text, i, i + step);
                column = text.Text[i] is '\n' or '\r' ? 0 : column + 1;
            }

            i += step;
        }

        return builder.ToText();
    }

    public static TemplateList Partition(MarkedText text, MarkedText separator, bool last)
    {
        if (separator.Length == 0)
        {
            throw new TemplateException("splits a text at an empty text");
        }

        var at = Find(text, separator, null, null, last);
        return at < 0
            ? last ? TemplateList.Tuple(MarkedText.Empty, MarkedText.Empty, text) : TemplateList.Tuple(text, MarkedText.Empty, MarkedText.Empty)
            : TemplateList.Tuple(text.Slice(0, at), text.Slice(at, at + separator.Length), text.Slice(at + separator.Length, text.Length));
    }

    /// <summary>Python's slice of a sequence, as indexes.</summary>
    public static IEnumerable<int> SliceIndexes(int length, int? start, int? stop, int step)
    {
        var (from, to) = SliceBounds(length, start, stop, step);
        for (long i = from; step > 0 ? i < to : i > to; i += step)
        {
            yield return (int)i;
        }
    }

    /// <summary>Python's slice.indices.</summary>
    public static (int From, int To) SliceBounds(int length, int? start, int? stop, int step)
    {
        if (step == 0)
        {
            throw new TemplateException("takes a slice with a step of 0");
        }

        var (low, high) = step > 0 ? (0, length) : (-1, length - 1);
        var from = start is { } s ? Math.Clamp(s < 0 ? s + length : s, low, high) : step > 0 ? low : high;
        var to = stop is { } e ? Math.Clamp(e < 0 ? e + length : e, low, high) : step > 0 ? high : low;
        return (from, to);
    }

    public static MarkedText SliceText(MarkedText text, int? start, int? stop, int step)
    {
        if (step == 1)
        {
            var (from, to) = Bounds(text.CodePoints, start, stop);
            return from < to ? text.SliceCodePoints(from, to) : MarkedText.Empty;
        }

        var builder = new MarkedTextBuilder();
        foreach (var i in SliceIndexes(text.CodePoints, start, stop, step))
        {
            builder.Append(text, text.Offset(i), text.Offset(i + 1));
        }

        return builder.ToText();
    }
}
