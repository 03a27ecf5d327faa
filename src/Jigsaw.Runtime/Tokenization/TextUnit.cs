using System.Globalization;
using System.Text;

namespace Jigsaw.Tokenization;

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

    /// <summary>
    /// A text with one character a code point, for regular expressions of .NET, which see code points above U+FFFF as two surrogates:
    /// each of those is replaced by a character of its category.
    /// </summary>
    public static string Proxies(ReadOnlySpan<TextUnit> units) => string.Create(units.Length, units, static (characters, units) =>
    {
        for (var i = 0; i < units.Length; i++)
        {
            var codePoint = units[i].CodePoint;
            characters[i] = codePoint <= char.MaxValue ? (char)codePoint : Proxy(CharUnicodeInfo.GetUnicodeCategory(codePoint));
        }
    });

    private static char Proxy(UnicodeCategory category) => category switch
    {
        UnicodeCategory.UppercaseLetter => '\u0100',
        UnicodeCategory.LowercaseLetter => '\u0101',
        UnicodeCategory.TitlecaseLetter => '\u01C5',
        UnicodeCategory.ModifierLetter => '\u02B0',
        UnicodeCategory.OtherLetter => '\u4E00',
        UnicodeCategory.NonSpacingMark => '\u0301',
        UnicodeCategory.SpacingCombiningMark => '\u0903',
        UnicodeCategory.EnclosingMark => '\u20DD',
        UnicodeCategory.DecimalDigitNumber => '\u0660',
        UnicodeCategory.LetterNumber => '\u2160',
        UnicodeCategory.OtherNumber => '\u00BD',
        UnicodeCategory.OtherPunctuation => '\u2022',
        UnicodeCategory.MathSymbol => '\u2200',
        UnicodeCategory.Format => '\u200D',
        UnicodeCategory.PrivateUse => '\uE000',
        UnicodeCategory.OtherNotAssigned => '\uFFFF',
        _ => '\u2603',
    };
}
