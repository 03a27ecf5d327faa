using System.Text;

namespace Jigsaw.Tokenization.Templates;

/// <summary>Puts texts together, with their marks.</summary>
internal sealed class MarkedTextBuilder
{
    private readonly StringBuilder _text = new();
    private readonly List<MarkRun> _runs = [];

    public int Length => _text.Length;

    public static MarkedText Join(MarkedText separator, IEnumerable<MarkedText> parts)
    {
        var builder = new MarkedTextBuilder();
        var first = true;
        foreach (var part in parts)
        {
            if (!first)
            {
                builder.Append(separator);
            }

            first = false;
            builder.Append(part);
        }

        return builder.ToText();
    }

    public static MarkedText Concat(params IEnumerable<MarkedText> parts) => Join(MarkedText.Empty, parts);

    public MarkedTextBuilder Append(string text) => Append(text.AsSpan(), default);

    public MarkedTextBuilder Append(MarkedText text) => Append(text, 0, text.Length);

    public MarkedTextBuilder Append(ReadOnlySpan<char> text, TextMark mark)
    {
        Spend(text.Length);
        if (mark != default)
        {
            AddRun(_text.Length, _text.Length + text.Length, mark);
        }

        _text.Append(text);
        return this;
    }

    /// <summary>Appends the characters [start, end) of a text. Contents that are empty and stand there come along.</summary>
    public MarkedTextBuilder Append(MarkedText text, int start, int end)
    {
        Spend(end - start);
        for (var i = FirstRun(text.Runs, start); i < text.Runs.Count && text.Runs[i].Start <= end; i++)
        {
            TemplateWork.Spend(1);
            var run = text.Runs[i];
            if (run.Start < end && run.End > start)
            {
                AddRun(_text.Length + Math.Max(run.Start, start) - start, _text.Length + Math.Min(run.End, end) - start, run.Mark);
            }
            else if (run.Start == run.End && run.Start >= start && run.Start <= end)
            {
                AddRun(_text.Length + run.Start - start, _text.Length + run.Start - start, run.Mark);
            }
        }

        _text.Append(text.Text, start, end - start);
        return this;
    }

    public MarkedTextBuilder Repeat(MarkedText text, long count)
    {
        TemplateWork.SpendText(checked(Math.Max(count, 0) * Math.Max(text.Length, 1)));
        if (text.Runs.Count == 0 && count > 0)
        {
            Spend(count * text.Length);
            _text.Insert(_text.Length, text.Text, (int)count);
            return this;
        }

        for (var i = 0L; i < count; i++)
        {
            Append(text);
        }

        return this;
    }

    public MarkedTextBuilder Repeat(char c, long count)
    {
        if (count > 0)
        {
            Spend(count);
            _text.Append(c, (int)count);
        }

        return this;
    }

    public MarkedText ToText(bool isMarkup = false)
    {
        TemplateWork.Spend(_text.Length + 16);
        return _text.Length == 0 && _runs.Count == 0 && !isMarkup ? MarkedText.Empty : new MarkedText(_text.ToString(), _runs.ToArray(), isMarkup);
    }

    private void Spend(long length)
    {
        if (_text.Length + length > TemplateWork.MaximumLength)
        {
            TemplateWork.SpendText(_text.Length + length);
        }

        TemplateWork.Spend(length + 1);
    }

    /// <summary>The first run that ends at a position or behind it.</summary>
    private static int FirstRun(IReadOnlyList<MarkRun> runs, int start)
    {
        var (low, high) = (0, runs.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = runs[middle].End < start ? (middle + 1, high) : (low, middle);
        }

        return low;
    }

    private void AddRun(int start, int end, TextMark mark)
    {
        if (_runs.Count > 0 && _runs[^1] is var last && last.End == start && last.Mark == mark)
        {
            _runs[^1] = last with { End = end };
        }
        else
        {
            _runs.Add(new MarkRun(start, end, mark));
        }
    }
}
