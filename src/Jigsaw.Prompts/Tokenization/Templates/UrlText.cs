using System.Text.RegularExpressions;

namespace Jigsaw.Tokenization.Templates;

/// <summary>Jinja's filter <c>urlize</c>.</summary>
internal static partial class UrlText
{
    private static readonly (string Open, string Close)[] _brackets = [("(", ")"), ("<", ">"), ("&lt;", "&gt;")];

    public static MarkedText Urlize(BoundArguments arguments)
    {
        var text = HtmlText.Escape(arguments[0]);
        var target = arguments.HasValue(3) ? arguments.Text(3) : MarkedText.Empty;
        var relation = arguments.HasValue(4) ? arguments.Text(4) : MarkedText.Empty;
        if (text.FirstMark.IsContent || target.FirstMark.IsContent || relation.FirstMark.IsContent)
        {
            throw new TemplateException("makes links of content with 'urlize', which marks of content can't follow");
        }

        var relations = relation.Text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Concat(arguments.IsTrue(2) ? ["noopener", "nofollow"] : ["noopener"]);
        var attributes = $" rel=\"{HtmlText.Escape(MarkedText.Plain(string.Join(' ', relations.Distinct().Order(StringComparer.Ordinal)))).Text}\"";
        attributes += target.Length > 0 ? $" target=\"{HtmlText.Escape(target).Text}\"" : string.Empty;
        int? limit = arguments.HasValue(1) ? arguments.Count(1) : null;
        string[] schemes = arguments.HasValue(5) ? [.. TemplateKinds.List(arguments[5]).Select(scheme => TemplatePrinting.Text(scheme).Text)] : [];
        if (Array.Find(schemes, scheme => !Scheme().IsMatch(scheme)) is { } wrong)
        {
            throw new TemplateException($"gives 'urlize' the scheme '{wrong}', which is not the beginning of a URL");
        }

        TemplateWork.Spend(64L * text.Length);
        var words = Blanks().Split(text.Text).Select(word => Linked(word, attributes, limit, schemes));
        return MarkedText.Plain(string.Concat(words));
    }

    private static string Linked(string word, string attributes, int? limit, string[] schemes)
    {
        var head = Opening().Match(word).Value;
        var middle = word[head.Length..];
        var tail = Closing().Match(middle).Value;
        middle = middle[..^tail.Length];
        foreach (var (open, close) in _brackets)
        {
            var opened = Count(middle, open);
            if (opened <= Count(middle, close))
            {
                continue;
            }

            for (var i = Math.Min(opened, Count(tail, close)); i > 0; i--)
            {
                var end = tail.IndexOf(close, StringComparison.Ordinal) + close.Length;
                middle += tail[..end];
                tail = tail[end..];
            }
        }

        var shown = limit is { } most && middle.Length > most ? $"{middle[..Math.Max(most, 0)]}..." : middle;
        if (Http().IsMatch(middle))
        {
            var isWhole = middle.StartsWith("https://", StringComparison.Ordinal) || middle.StartsWith("http://", StringComparison.Ordinal);
            middle = $"<a href=\"{(isWhole ? string.Empty : "https://")}{middle}\"{attributes}>{shown}</a>";
        }
        else if (middle.StartsWith("mailto:", StringComparison.Ordinal) && Email().IsMatch(middle[7..]))
        {
            middle = $"<a href=\"{middle}\">{middle[7..]}</a>";
        }
        else if (middle.Contains('@') && !middle.StartsWith("www.", StringComparison.Ordinal) && !middle.Contains(':') && Email().IsMatch(middle))
        {
            middle = $"<a href=\"mailto:{middle}\">{middle}</a>";
        }
        else
        {
            foreach (var scheme in schemes)
            {
                middle = middle != scheme && middle.StartsWith(scheme, StringComparison.Ordinal) ? $"<a href=\"{middle}\"{attributes}>{middle}</a>" : middle;
            }
        }

        return head + middle + tail;
    }

    private static int Count(string text, string sought) => text.AsSpan().Count(sought);

    [GeneratedRegex(@"(\s+)")]
    private static partial Regex Blanks();

    [GeneratedRegex(@"^(?:[(<]|&lt;)+")]
    private static partial Regex Opening();

    [GeneratedRegex(@"(?:[)>.,\n]|&gt;)+\z", RegexOptions.RightToLeft)]
    private static partial Regex Closing();

    [GeneratedRegex(@"^[\w.+-]{2,}:/{0,2}\z")]
    private static partial Regex Scheme();

    [GeneratedRegex(@"^\S+@\w[\w.-]*\.\w+\z", RegexOptions.None, 1000)]
    private static partial Regex Email();

    [GeneratedRegex("""
        ^(?:
          (?:https?://|www\.)(?:(?:[\w%-]+\.)+)?(?:[a-z]{2,63}|xn--[\w%]{2,59})
        | (?:[\w%-]{2,63}\.)+(?:com|net|int|edu|gov|org|info|mil)
        | https?://(?:\d{1,3}(?:\.\d{1,3}){3}|\[(?:[\da-f]{0,4}:){2}(?:[\da-f]{0,4}:?){1,6}\])
        )(?::\d{1,5})?(?:[/?\#]\S*)?\z
        """, RegexOptions.IgnorePatternWhitespace | RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Http();
}
