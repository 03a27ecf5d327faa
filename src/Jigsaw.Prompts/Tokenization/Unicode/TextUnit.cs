using System.Text;

namespace Jigsaw.Tokenization.Unicode;

/// <summary>One code point on its way through a tokenizer, and the characters of the original text that it came from.</summary>
internal readonly record struct TextUnit(int CodePoint, int Start, int End)
{
    /// <summary>The code points of a text; half a surrogate pair becomes U+FFFD.</summary>
    public static TextUnit[] Split(string text)
    {
        var units = new List<TextUnit>(text.Length);
        for (var i = 0; i < text.Length;)
        {
            Rune.DecodeFromUtf16(text.AsSpan(i), out var rune, out var length);
            units.Add(new TextUnit(rune.Value, i, i + length));
            i += length;
        }

        return [.. units];
    }

    public static string Join(ReadOnlySpan<TextUnit> units)
    {
        var text = new StringBuilder(units.Length);
        foreach (var unit in units)
        {
            text.Append(char.ConvertFromUtf32(unit.CodePoint));
        }

        return text.ToString();
    }
}
