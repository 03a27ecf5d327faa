namespace Jigsaw.Tokenization.Templates;

/// <summary>
/// A text that remembers which of its characters are content, through everything that a template does to it. Positions are UTF-16 units
/// unless a name says code points, which is what Python counts.
/// </summary>
internal sealed class MarkedText
{
    private int[]? _offsets;
    private int _codePoints = -1;

    public MarkedText(string text, IReadOnlyList<MarkRun> runs, bool isMarkup = false)
    {
        Text = text;
        Runs = runs;
        IsMarkup = isMarkup;
    }

    public static MarkedText Empty { get; } = new(string.Empty, []);

    public string Text { get; }

    /// <summary>In order, without overlap; characters of no run are the template's. An empty content leaves an empty run.</summary>
    public IReadOnlyList<MarkRun> Runs { get; }

    /// <summary>True if it is safe in HTML (markupsafe's Markup).</summary>
    public bool IsMarkup { get; }

    public int Length => Text.Length;

    /// <summary>Python's length.</summary>
    public int CodePoints
    {
        get
        {
            if (_codePoints < 0)
            {
                var count = Text.Length;
                for (var i = 1; i < Text.Length; i++)
                {
                    count -= char.IsSurrogatePair(Text[i - 1], Text[i]) ? 1 : 0;
                }

                _codePoints = count;
            }

            return _codePoints;
        }
    }

    /// <summary>The first mark of content in it; none of its characters is content when that is default.</summary>
    public TextMark FirstMark => Runs.FirstOrDefault(run => run.Mark.IsContent).Mark;

    public static MarkedText Plain(string text)
    {
        TemplateWork.SpendText(text.Length);
        return text.Length == 0 ? Empty : new MarkedText(text, []);
    }

    public static MarkedText Of(string text, TextMark mark)
    {
        TemplateWork.SpendText(text.Length);
        return mark == default ? new MarkedText(text, []) : new MarkedText(text, [new MarkRun(0, text.Length, mark)]);
    }

    public MarkedText AsMarkup(bool isMarkup = true) => isMarkup == IsMarkup ? this : new MarkedText(Text, Runs, isMarkup);

    public MarkedText Slice(int start, int end)
    {
        if (start == 0 && end == Text.Length)
        {
            return IsMarkup ? new MarkedText(Text, Runs) : this;
        }

        var builder = new MarkedTextBuilder();
        builder.Append(this, start, end);
        return builder.ToText();
    }

    /// <summary>Code points [start, end).</summary>
    public MarkedText SliceCodePoints(int start, int end) => Slice(Offset(start), Offset(end));

    /// <summary>Where a code point begins.</summary>
    public int Offset(int codePoint)
    {
        if (CodePoints == Text.Length)
        {
            return codePoint;
        }

        if (_offsets is null)
        {
            TemplateWork.SpendItems(CodePoints / 4);
            _offsets = new int[CodePoints + 1];
            var next = 0;
            for (var i = 0; i < Text.Length; i += SizeAt(i))
            {
                _offsets[next++] = i;
            }

            _offsets[next] = Text.Length;
        }

        return _offsets[codePoint];
    }

    /// <summary>Which code point a position is at.</summary>
    public int CodePointAt(int offset)
    {
        if (CodePoints == Text.Length)
        {
            return offset;
        }

        Offset(0);
        return Array.BinarySearch(_offsets!, offset);
    }

    /// <summary>Its characters, each a text; a code point above U+FFFF is one.</summary>
    public IEnumerable<MarkedText> Characters()
    {
        for (var i = 0; i < Text.Length;)
        {
            // A text of its own is some objects on the heap.
            TemplateWork.Spend(64);
            var size = SizeAt(i);
            yield return Slice(i, i + size);
            i += size;
        }
    }

    /// <summary>All of it in order: pieces of one mark each, also those without one.</summary>
    public IEnumerable<MarkRun> Pieces()
    {
        var at = 0;
        foreach (var run in Runs)
        {
            if (run.Start > at)
            {
                yield return new MarkRun(at, run.Start, default);
            }

            if (run.End > run.Start)
            {
                yield return run;
            }

            at = run.End;
        }

        if (at < Text.Length)
        {
            yield return new MarkRun(at, Text.Length, default);
        }
    }

    /// <summary>The mark of the character at a position.</summary>
    public TextMark MarkAt(int offset)
    {
        var (low, high) = (0, Runs.Count - 1);
        while (low <= high)
        {
            var middle = (low + high) / 2;
            if (Runs[middle].End <= offset)
            {
                low = middle + 1;
            }
            else if (Runs[middle].Start > offset)
            {
                high = middle - 1;
            }
            else
            {
                return Runs[middle].Mark;
            }
        }

        return default;
    }

    /// <summary>The same text as a part of what the model is to write.</summary>
    public MarkedText AsGenerated()
    {
        var builder = new MarkedTextBuilder();
        foreach (var piece in Pieces())
        {
            builder.Append(Text.AsSpan(piece.Start, piece.End - piece.Start), piece.Mark with { Generated = true });
        }

        foreach (var run in Runs.Where(run => Text.Length == 0 && run.Start == run.End))
        {
            builder.Append([], run.Mark with { Generated = true });
        }

        return builder.ToText(IsMarkup);
    }

    public int SizeAt(int offset) => offset + 1 < Text.Length && char.IsSurrogatePair(Text[offset], Text[offset + 1]) ? 2 : 1;

    public override string ToString() => Text;
}
