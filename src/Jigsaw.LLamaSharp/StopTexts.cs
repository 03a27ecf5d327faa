using System.Text;

namespace Jigsaw.LLamaSharp;

/// <summary>Cuts a growing text at the first of some texts. What may yet become the beginning of one is held back.</summary>
internal sealed class StopTexts(IReadOnlyList<string> texts)
{
    private readonly StringBuilder _held = new();

    /// <summary>Takes the next text.</summary>
    /// <returns>What is certain now, and true if the text has ended before one of them.</returns>
    public (string Text, bool Stopped) Push(string text)
    {
        if (texts.Count == 0)
        {
            return (text, false);
        }

        var all = _held.Append(text).ToString();
        var found = texts.Select(stop => all.IndexOf(stop, StringComparison.Ordinal)).Where(start => start >= 0).DefaultIfEmpty(-1).Min();
        var certain = found >= 0 ? found : all.Length - texts.Max(stop => Begun(all, stop));
        _held.Clear();
        if (found < 0)
        {
            _held.Append(all, certain, all.Length - certain);
        }

        return (all[..certain], found >= 0);
    }

    /// <summary>What was held back, when the text has ended without one of them.</summary>
    public string Finish() => _held.ToString();

    /// <summary>How many characters at the end begin a text.</summary>
    private static int Begun(string all, string stop)
    {
        var length = Math.Min(stop.Length - 1, all.Length);
        while (!all.AsSpan(all.Length - length).SequenceEqual(stop.AsSpan(0, length)))
        {
            length--;
        }

        return length;
    }
}
