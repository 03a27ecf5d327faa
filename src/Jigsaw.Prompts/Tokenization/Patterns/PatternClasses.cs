using System.Globalization;
using Jigsaw.Tokenization.Unicode;

namespace Jigsaw.Tokenization.Patterns;

/// <summary>The classes of characters that Oniguruma knows by name.</summary>
internal static class PatternClasses
{
    private static readonly Dictionary<string, UnicodeCategory[]> _categories = new(StringComparer.OrdinalIgnoreCase)
    {
        ["Lu"] = [UnicodeCategory.UppercaseLetter],
        ["Ll"] = [UnicodeCategory.LowercaseLetter],
        ["Lt"] = [UnicodeCategory.TitlecaseLetter],
        ["Lm"] = [UnicodeCategory.ModifierLetter],
        ["Lo"] = [UnicodeCategory.OtherLetter],
        ["Mn"] = [UnicodeCategory.NonSpacingMark],
        ["Mc"] = [UnicodeCategory.SpacingCombiningMark],
        ["Me"] = [UnicodeCategory.EnclosingMark],
        ["Nd"] = [UnicodeCategory.DecimalDigitNumber],
        ["Nl"] = [UnicodeCategory.LetterNumber],
        ["No"] = [UnicodeCategory.OtherNumber],
        ["Pc"] = [UnicodeCategory.ConnectorPunctuation],
        ["Pd"] = [UnicodeCategory.DashPunctuation],
        ["Ps"] = [UnicodeCategory.OpenPunctuation],
        ["Pe"] = [UnicodeCategory.ClosePunctuation],
        ["Pi"] = [UnicodeCategory.InitialQuotePunctuation],
        ["Pf"] = [UnicodeCategory.FinalQuotePunctuation],
        ["Po"] = [UnicodeCategory.OtherPunctuation],
        ["Sm"] = [UnicodeCategory.MathSymbol],
        ["Sc"] = [UnicodeCategory.CurrencySymbol],
        ["Sk"] = [UnicodeCategory.ModifierSymbol],
        ["So"] = [UnicodeCategory.OtherSymbol],
        ["Zs"] = [UnicodeCategory.SpaceSeparator],
        ["Zl"] = [UnicodeCategory.LineSeparator],
        ["Zp"] = [UnicodeCategory.ParagraphSeparator],
        ["Cc"] = [UnicodeCategory.Control],
        ["Cf"] = [UnicodeCategory.Format],
        ["Cs"] = [UnicodeCategory.Surrogate],
        ["Co"] = [UnicodeCategory.PrivateUse],
        ["Cn"] = [UnicodeCategory.OtherNotAssigned],
    };

    private static readonly Dictionary<string, string> _longNames = new(StringComparer.OrdinalIgnoreCase)
    {
        ["Letter"] = "L", ["UppercaseLetter"] = "Lu", ["LowercaseLetter"] = "Ll", ["TitlecaseLetter"] = "Lt", ["ModifierLetter"] = "Lm", ["OtherLetter"] = "Lo",
        ["Mark"] = "M", ["NonspacingMark"] = "Mn", ["SpacingMark"] = "Mc", ["EnclosingMark"] = "Me", ["Number"] = "N", ["DecimalNumber"] = "Nd", ["LetterNumber"] = "Nl", ["OtherNumber"] = "No",
        ["Punctuation"] = "P", ["ConnectorPunctuation"] = "Pc", ["DashPunctuation"] = "Pd", ["OpenPunctuation"] = "Ps", ["ClosePunctuation"] = "Pe", ["InitialPunctuation"] = "Pi", ["FinalPunctuation"] = "Pf", ["OtherPunctuation"] = "Po",
        ["Symbol"] = "S", ["MathSymbol"] = "Sm", ["CurrencySymbol"] = "Sc", ["ModifierSymbol"] = "Sk", ["OtherSymbol"] = "So", ["Separator"] = "Z", ["SpaceSeparator"] = "Zs", ["LineSeparator"] = "Zl", ["ParagraphSeparator"] = "Zp",
        ["Other"] = "C", ["Control"] = "Cc", ["Format"] = "Cf", ["Surrogate"] = "Cs", ["PrivateUse"] = "Co", ["Unassigned"] = "Cn",
    };

    private static readonly Dictionary<string, CodePointSet> _cache = new(StringComparer.OrdinalIgnoreCase);

    public static CodePointSet Digit => Property("Nd");

    public static CodePointSet HexadecimalDigit { get; } = CodePointSet.Of(('0', '9'), ('a', 'f'), ('A', 'F'));

    public static CodePointSet Space { get; } = CodePointSet.Of((9, 13), (0x20, 0x20), (0x85, 0x85), (0xA0, 0xA0), (0x1680, 0x1680), (0x2000, 0x200A), (0x2028, 0x2029), (0x202F, 0x202F), (0x205F, 0x205F), (0x3000, 0x3000));

    /// <summary>Letters, marks, numbers of all kinds and connecting punctuation, and what else Unicode calls alphabetic.</summary>
    public static CodePointSet Word => Named("[word]", () => Property("L").Union(Property("M")).Union(Property("N")).Union(Property("Pc")).Union(CodePointSet.Of((0x24B6, 0x24E9), (0x1F130, 0x1F149), (0x1F150, 0x1F169), (0x1F170, 0x1F189))));

    public static CodePointSet NewLine { get; } = CodePointSet.Of(('\n', '\n'));

    /// <summary>What \p{name} stands for.</summary>
    public static CodePointSet Property(string name)
    {
        var bare = name.Replace("_", string.Empty, StringComparison.Ordinal).Replace(" ", string.Empty, StringComparison.Ordinal).Replace("-", string.Empty, StringComparison.Ordinal);
        return Named(bare, () => Make(bare, name));
    }

    /// <summary>What [:name:] stands for.</summary>
    public static CodePointSet Posix(string name) => name switch
    {
        "alnum" or "alpha" or "ascii" or "blank" or "cntrl" or "digit" or "graph" or "lower" or "print" or "punct" or "space" or "upper" or "word" or "xdigit" => Property(name),
        _ => throw new PatternException($"it names the class [:{name}:], which is unknown"),
    };

    private static CodePointSet Named(string key, Func<CodePointSet> make)
    {
        lock (_cache)
        {
            if (!_cache.TryGetValue(key, out var set))
            {
                _cache[key] = set = make();
            }

            return set;
        }
    }

    private static CodePointSet Make(string name, string written)
    {
        if (_longNames.TryGetValue(name, out var shortName))
        {
            return Property(shortName);
        }

        if (name.Length <= 2 && _categories.Where(entry => entry.Key.StartsWith(name, StringComparison.OrdinalIgnoreCase)).SelectMany(entry => entry.Value).ToHashSet() is { Count: > 0 } categories)
        {
            return CodePointSet.Where(codePoint => categories.Contains(CharUnicodeInfo.GetUnicodeCategory(codePoint)));
        }

        return name.ToLowerInvariant() switch
        {
            "any" => CodePointSet.All,
            "ascii" => CodePointSet.Of((0, 127)),
            "assigned" => Property("Cn").Complement(),
            "alpha" or "alphabetic" => Property("L").Union(Property("Nl")).Union(CodePointSet.Where(codePoint => CharUnicodeInfo.GetUnicodeCategory(codePoint) is UnicodeCategory.SpacingCombiningMark)),
            "alnum" => Property("alpha").Union(Digit),
            "blank" => CodePointSet.Of((9, 9)).Union(Property("Zs")),
            "cntrl" => Property("Cc"),
            "digit" => Digit,
            "graph" => Space.Union(Property("Cc")).Union(Property("Cn")).Union(Property("Cs")).Complement(),
            "lower" or "lowercase" => Property("Ll"),
            "upper" or "uppercase" => Property("Lu"),
            "print" => Property("graph").Union(Property("Zs")),
            "punct" => Property("P").Union(CodePointSet.Of(('$', '$'), ('+', '+'), ('<', '>'), ('^', '^'), ('`', '`'), ('|', '|'), ('~', '~'))),
            "space" or "whitespace" => Space,
            "word" => Word,
            "xdigit" => HexadecimalDigit,
            _ => UnicodeTables.Instance.Scripts.TryGetValue(name, out var script) ? script : throw new PatternException($"it names the property \\p{{{written}}}, which is unknown"),
        };
    }
}
