using System.Numerics;
using System.Text;

namespace Jigsaw.Tokenization.Templates;

/// <summary>Spellings of a text: every new character has the mark of the one that it came from.</summary>
internal static class TextCases
{
    public static MarkedText Map(MarkedText text, Func<int, Rune, string?> map)
    {
        var builder = new MarkedTextBuilder();
        foreach (var piece in text.Pieces())
        {
            for (var i = piece.Start; i < piece.End;)
            {
                var rune = Rune.GetRuneAt(text.Text, i);
                builder.Append(map(i, rune), piece.Mark);
                i += rune.Utf16SequenceLength;
            }
        }

        TemplatePrinting.KeepEmpty(builder, text);
        return builder.ToText();
    }

    public static MarkedText Upper(MarkedText text) => Map(text, (_, rune) => TextCasing.ToUpper(rune));

    public static MarkedText Lower(MarkedText text) => Map(text, (at, _) => TextCasing.ToLower(text.Text, at));

    public static MarkedText Fold(MarkedText text) => Map(text, (_, rune) => TextCasing.ToFolded(rune));

    public static MarkedText Capitalize(MarkedText text) => Map(text, (at, rune) => at == 0 ? TextCasing.ToTitle(rune) : TextCasing.ToLower(text.Text, at));

    public static MarkedText SwapCase(MarkedText text) => Map(text, (at, rune) =>
        TextCasing.IsUpper(rune) ? TextCasing.ToLower(text.Text, at) : TextCasing.IsLower(rune) ? TextCasing.ToUpper(rune) : rune.ToString());

    /// <summary>str.title: what follows a character without case begins a word.</summary>
    public static MarkedText Title(MarkedText text)
    {
        var inWord = false;
        return Map(text, (at, rune) =>
        {
            var spelled = inWord ? TextCasing.ToLower(text.Text, at) : TextCasing.ToTitle(rune);
            inWord = TextCasing.IsCased(rune);
            return spelled;
        });
    }

    /// <summary>Jinja's title: words begin behind blanks, hyphens and opening brackets, and their first character is uppercase.</summary>
    public static MarkedText TitleOfWords(MarkedText text)
    {
        var builder = new MarkedTextBuilder();
        for (var i = 0; i < text.Length;)
        {
            var start = i;
            var isBreak = IsBreak(text.Text[i]);
            while (i < text.Length && IsBreak(text.Text[i]) == isBreak)
            {
                i++;
            }

            if (isBreak)
            {
                builder.Append(text, start, i);
                continue;
            }

            var first = start + text.SizeAt(start);
            builder.Append(Upper(text.Slice(start, first))).Append(Lower(text.Slice(first, i)));
        }

        return builder.ToText();

        static bool IsBreak(char c) => c is '-' or '(' or '{' or '[' or '<' || TextCharacters.IsSpace(c);
    }

    public static bool IsUpper(string text) => text.EnumerateRunes().All(rune => !TextCasing.IsLower(rune) && !TextCasing.IsTitle(rune)) && text.EnumerateRunes().Any(TextCasing.IsUpper);

    public static bool IsLower(string text) => text.EnumerateRunes().All(rune => !TextCasing.IsUpper(rune) && !TextCasing.IsTitle(rune)) && text.EnumerateRunes().Any(TextCasing.IsLower);

    public static bool IsTitle(string text)
    {
        var (inWord, any) = (false, false);
        foreach (var rune in text.EnumerateRunes())
        {
            var starts = TextCasing.IsUpper(rune) || TextCasing.IsTitle(rune);
            if ((starts && inWord) || (TextCasing.IsLower(rune) && !inWord))
            {
                return false;
            }

            inWord = starts || TextCasing.IsLower(rune);
            any |= inWord;
        }

        return any;
    }

    /// <summary>str.translate, with a dictionary of code points.</summary>
    public static MarkedText Translate(MarkedText text, TemplateDictionary table)
    {
        var builder = new MarkedTextBuilder();
        foreach (var piece in text.Pieces())
        {
            for (var i = piece.Start; i < piece.End;)
            {
                var rune = Rune.GetRuneAt(text.Text, i);
                i += rune.Utf16SequenceLength;
                if (!table.TryGet((BigInteger)rune.Value, out var with))
                {
                    builder.Append(rune.ToString(), piece.Mark);
                    continue;
                }

                switch (MarkedScalar.Unwrap(with))
                {
                    case null:
                        break;
                    case MarkedText replacement:
                        builder.Append(replacement);
                        break;
                    case BigInteger number:
                        builder.Append(FormatSpec.Character(number), piece.Mark);
                        break;
                    default:
                        throw new TemplateException($"translates a character to {TemplateKinds.Of(with)}");
                }
            }
        }

        return builder.ToText();
    }

    /// <summary>urllib's quote: each character's UTF-8, with % before what is not plain.</summary>
    public static MarkedText UrlQuote(MarkedText text, bool forQuery) => Map(text, (_, rune) =>
    {
        if (rune.IsAscii && (char.IsAsciiLetterOrDigit((char)rune.Value) || rune.Value is '_' or '.' or '-' or '~' || (rune.Value == '/' && !forQuery)))
        {
            return rune.ToString();
        }

        if (forQuery && rune.Value == ' ')
        {
            return "+";
        }

        Span<byte> bytes = stackalloc byte[4];
        var quoted = new StringBuilder();
        foreach (var value in bytes[..rune.EncodeToUtf8(bytes)])
        {
            quoted.Append('%').Append(value.ToString("X2", System.Globalization.CultureInfo.InvariantCulture));
        }

        return quoted.ToString();
    });
}
