using System.Numerics;
using System.Text;

namespace Jigsaw.Tokenization.Templates;

/// <summary>The methods of Python's str.</summary>
internal static class TextMembers
{
    private static readonly Dictionary<string, TemplateMethod<MarkedText>> _methods = new TemplateMethod<MarkedText>[]
    {
        Text("capitalize", TextCases.Capitalize),
        Text("casefold", TextCases.Fold),
        Text("lower", TextCases.Lower),
        Text("swapcase", TextCases.SwapCase),
        Text("title", TextCases.Title),
        Text("upper", TextCases.Upper),
        new("center", "width, fillchar?, /", (_, s, a) => TextMethods.Center(s, a.Count(0), Fill(a))),
        new("ljust", "width, fillchar?, /", (_, s, a) => TextMethods.Justify(s, a.Count(0), Fill(a), _ => 0)),
        new("rjust", "width, fillchar?, /", (_, s, a) => TextMethods.Justify(s, a.Count(0), Fill(a), missing => missing)),
        new("zfill", "width, /", (_, s, a) => TextMethods.FillZeros(s, a.Count(0))),
        new("expandtabs", "tabsize?", (_, s, a) => TextMethods.ExpandTabs(s, a.Count(0, 8))),
        new("strip", "chars?, /", (_, s, a) => TextMethods.Strip(s, Characters(a))),
        new("lstrip", "chars?, /", (_, s, a) => TextMethods.Strip(s, Characters(a), right: false)),
        new("rstrip", "chars?, /", (_, s, a) => TextMethods.Strip(s, Characters(a), left: false)),
        new("replace", "old, new, count?, /", (_, s, a) => TextMethods.Replace(s, a.Text(0), a.Text(1), a.Count(2, -1))),
        new("split", "sep?, maxsplit?", (_, s, a) => Parts(a.HasValue(0)
            ? TextMethods.Split(s, a.Text(0), a.Count(1, -1)) : TextMethods.SplitOnWhiteSpace(s, a.Count(1, -1)))),
        new("rsplit", "sep?, maxsplit?", (_, s, a) => Parts(a.HasValue(0)
            ? TextMethods.SplitFromRight(s, a.Text(0), a.Count(1, -1)) : TextMethods.SplitOnWhiteSpaceFromRight(s, a.Count(1, -1)))),
        new("splitlines", "keepends?", (_, s, a) => Parts(TextMethods.SplitLines(s, a.IsTrue(0)))),
        new("partition", "sep, /", (_, s, a) => TextMethods.Partition(s, a.Text(0), last: false)),
        new("rpartition", "sep, /", (_, s, a) => TextMethods.Partition(s, a.Text(0), last: true)),
        new("join", "iterable, /", (_, s, a) => MarkedTextBuilder.Join(s, TemplateKinds.Items(a[0]).Select((item, i) =>
            item as MarkedText ?? throw new TemplateException($"joins texts of which item {i} is {TemplateKinds.Of(item)}")))),
        new("removeprefix", "prefix, /", (_, s, a) => s.Text.StartsWith(a.Text(0).Text, StringComparison.Ordinal) ? s.Slice(a.Text(0).Length, s.Length) : s),
        new("removesuffix", "suffix, /", (_, s, a) => s.Text.EndsWith(a.Text(0).Text, StringComparison.Ordinal) ? s.Slice(0, s.Length - a.Text(0).Length) : s),
        new("startswith", "prefix, start?, end?, /", (_, s, a) => Affix(s, a, (text, affix) => text.StartsWith(affix, StringComparison.Ordinal))),
        new("endswith", "suffix, start?, end?, /", (_, s, a) => Affix(s, a, (text, affix) => text.EndsWith(affix, StringComparison.Ordinal))),
        new("count", "sub, start?, end?, /", (_, s, a) => new BigInteger(TextMethods.Count(s, a.Text(0), a.Bound(1), a.Bound(2)))),
        new("find", "sub, start?, end?, /", (_, s, a) => Place(s, a, last: false, needed: false)),
        new("rfind", "sub, start?, end?, /", (_, s, a) => Place(s, a, last: true, needed: false)),
        new("index", "sub, start?, end?, /", (_, s, a) => Place(s, a, last: false, needed: true)),
        new("rindex", "sub, start?, end?, /", (_, s, a) => Place(s, a, last: true, needed: true)),
        new("format", "*", (t, s, a) => BraceFormat.Apply(t, s, a.All)),
        new("format_map", "mapping, /", (t, s, a) => BraceFormat.Apply(t, s, TemplateArguments.None, a[0] as TemplateDictionary ?? throw a.Wrong(0, "a dictionary"))),
        new("translate", "table, /", (_, s, a) => TextCases.Translate(s, a[0] as TemplateDictionary ?? throw a.Wrong(0, "a dictionary"))),
        new("maketrans", "x, y?, z?, /", (_, _, a) => Table(a)),
        new("encode", "encoding?, errors?", (_, _, _) => throw new TemplateException("turns a text into bytes, which marks of content can't follow")),
        Is("isalnum", rune => TextCharacters.IsLetter(rune) || TextCharacters.IsNumeric(rune)),
        Is("isalpha", TextCharacters.IsLetter),
        Is("isdecimal", TextCharacters.IsDecimal),
        Is("isdigit", TextCharacters.IsDigit),
        Is("isnumeric", TextCharacters.IsNumeric),
        Is("isspace", TextCharacters.IsSpace),
        new("isascii", string.Empty, (_, s, _) => Ascii.IsValid(s.Text)),
        new("isprintable", string.Empty, (_, s, _) => s.Text.EnumerateRunes().All(TextCharacters.IsPrintable)),
        new("isidentifier", string.Empty, (_, s, _) => TextCharacters.IsIdentifier(s.Text)),
        new("islower", string.Empty, (_, s, _) => TextCases.IsLower(s.Text)),
        new("isupper", string.Empty, (_, s, _) => TextCases.IsUpper(s.Text)),
        new("istitle", string.Empty, (_, s, _) => TextCases.IsTitle(s.Text)),
    }.ToDictionary(method => method.Name, StringComparer.Ordinal);

    public static ITemplateCallable? Find(MarkedText self, string name)
    {
        TemplateWork.Spend(self.Length / 16);
        return _methods.TryGetValue(name, out var method) ? method.Bind(self) : null;
    }

    private static TemplateMethod<MarkedText> Text(string name, Func<MarkedText, MarkedText> spell) => new(name, string.Empty, (_, s, _) => spell(s).AsMarkup(s.IsMarkup));

    private static TemplateMethod<MarkedText> Is(string name, Func<Rune, bool> test) => new(name, string.Empty, (_, s, _) => s.Length > 0 && s.Text.EnumerateRunes().All(test));

    private static MarkedText Fill(BoundArguments arguments) => arguments.Has(1) ? arguments.Text(1) : MarkedText.Plain(" ");

    private static string? Characters(BoundArguments arguments) => arguments.HasValue(0) ? arguments.Text(0).Text : null;

    private static TemplateList Parts(IEnumerable<MarkedText> parts) => TemplateList.Of(parts);

    private static BigInteger Place(MarkedText text, BoundArguments arguments, bool last, bool needed)
    {
        var at = TextMethods.Find(text, arguments.Text(0), arguments.Bound(1), arguments.Bound(2), last);
        return at < 0 && needed ? throw new TemplateException($"asks with '{arguments.Name}' where a text is that is not there") : new BigInteger(at < 0 ? -1 : text.CodePointAt(at));
    }

    private static bool Affix(MarkedText text, BoundArguments arguments, Func<string, string, bool> test)
    {
        var (start, end) = TextMethods.Bounds(text.CodePoints, arguments.Bound(1), arguments.Bound(2));
        if (start > end)
        {
            return false;
        }

        var part = text.SliceCodePoints(start, end).Text;
        return arguments[0] is TemplateList { IsTuple: true } affixes
            ? affixes.Items.Any(affix => test(part, (affix as MarkedText ?? throw arguments.Wrong(0, "a text or a tuple of texts")).Text))
            : test(part, arguments.Text(0).Text);
    }

    private static TemplateDictionary Table(BoundArguments arguments)
    {
        var table = new TemplateDictionary();
        if (!arguments.Has(1))
        {
            foreach (var (key, value) in (arguments[0] as TemplateDictionary ?? throw arguments.Wrong(0, "a dictionary")).Entries)
            {
                table.Set(key is MarkedText { CodePoints: 1 } character ? new BigInteger(char.ConvertToUtf32(character.Text, 0)) : key, value);
            }

            return table;
        }

        var (from, to) = (arguments.Text(0).Characters().ToList(), arguments.Text(1).Characters().ToList());
        if (from.Count != to.Count)
        {
            throw new TemplateException("calls 'maketrans' with texts of different lengths");
        }

        for (var i = 0; i < from.Count; i++)
        {
            table.Set(new BigInteger(char.ConvertToUtf32(from[i].Text, 0)), to[i]);
        }

        foreach (var character in arguments.Has(2) ? arguments.Text(2).Characters() : [])
        {
            table.Set(new BigInteger(char.ConvertToUtf32(character.Text, 0)), null);
        }

        return table;
    }
}
