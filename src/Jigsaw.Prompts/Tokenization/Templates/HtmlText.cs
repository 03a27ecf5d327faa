using System.Net;

namespace Jigsaw.Tokenization.Templates;

/// <summary>markupsafe's escape and striptags.</summary>
internal static class HtmlText
{
    /// <summary>The value's text, safe in HTML. An escape belongs to the character that it spells.</summary>
    public static MarkedText Escape(object? value)
    {
        if (value is MarkedText { IsMarkup: true } markup)
        {
            return markup;
        }

        var text = TemplatePrinting.Text(value);
        var builder = new MarkedTextBuilder();
        foreach (var piece in text.Pieces())
        {
            for (var i = piece.Start; i < piece.End; i++)
            {
                var c = text.Text[i];
                builder.Append(c switch { '&' => "&amp;", '<' => "&lt;", '>' => "&gt;", '\'' => "&#39;", '"' => "&#34;", _ => text.Text.AsSpan(i, 1) }, piece.Mark);
            }
        }

        TemplatePrinting.KeepEmpty(builder, text);
        return builder.ToText(isMarkup: true);
    }

    /// <summary>Without comments and tags, white space as single spaces, entities as their characters.</summary>
    public static MarkedText StripTags(MarkedText text)
    {
        text = Without(Without(text, "<!--", "-->"), "<", ">");
        var words = MarkedTextBuilder.Join(MarkedText.Plain(" "), TextMethods.SplitOnWhiteSpace(text, int.MaxValue));
        var builder = new MarkedTextBuilder();
        for (var i = 0; i < words.Length;)
        {
            var end = words.Text[i] == '&' ? words.Text.AsSpan(i, Math.Min(40, words.Length - i)).IndexOf(';') : -1;
            var entity = end < 0 ? string.Empty : words.Text.Substring(i, end + 1);
            if (entity.Length > 2 && WebUtility.HtmlDecode(entity) is var decoded && decoded != entity)
            {
                var owner = words.Slice(i, i + entity.Length).FirstMark;
                builder.Append(decoded, owner == default ? words.MarkAt(i) : owner);
                i += entity.Length;
            }
            else
            {
                builder.Append(words, i, i + 1);
                i++;
            }
        }

        TemplatePrinting.KeepEmpty(builder, words);
        return builder.ToText();
    }

    private static MarkedText Without(MarkedText text, string open, string close)
    {
        var builder = new MarkedTextBuilder();
        var at = 0;
        while (text.Text.IndexOf(open, at, StringComparison.Ordinal) is >= 0 and var start && text.Text.IndexOf(close, start, StringComparison.Ordinal) is >= 0 and var end)
        {
            builder.Append(text, at, start);
            at = end + close.Length;
        }

        return builder.Append(text, at, text.Length).ToText();
    }
}
