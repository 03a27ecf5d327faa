using System.Globalization;

namespace Jigsaw.Tokenization.Templates;

/// <summary>The filters, tests and methods that chat templates use; another one is an error that names it.</summary>
internal static class TemplateMembers
{
    public static object? Filter(string name, object? value, IReadOnlyList<object?> arguments, IReadOnlyDictionary<string, object?> named)
    {
        switch (name)
        {
            case "trim":
                return Text(value).Trim(arguments.Count > 0 ? Text(arguments[0]).Text : null, atStart: true, atEnd: true);
            case "string" or "safe":
                return TemplateValues.Text(value);
            case "length" or "count":
                return TemplateValues.Length(value);
            case "lower":
                return Text(value).Respelled(Text(value).Text.ToLowerInvariant());
            case "upper":
                return Text(value).Respelled(Text(value).Text.ToUpperInvariant());
            case "title" or "capitalize":
                return Method(value, name, [])!;
            case "replace":
                return Text(value).Replace(Text(arguments[0]).Text, Text(arguments[1]));
            case "join":
                var separator = arguments.Count > 0 ? Text(arguments[0]) : MarkedText.Empty;
                return MarkedText.Join(separator, TemplateValues.Items(value).Select(TemplateValues.Text));
            case "first":
                return TemplateValues.Items(value).FirstOrDefault(new TemplateUndefined("first"));
            case "last":
                return TemplateValues.Items(value).LastOrDefault(new TemplateUndefined("last"));
            case "list":
                return TemplateValues.Items(value).ToList();
            case "reverse":
                return TemplateValues.Items(value).Reverse().ToList();
            case "items":
                return Method(value, "items", []);
            case "int":
                return TemplateValues.Number(value) is { } number ? (long)number : long.TryParse(Text(value).Text, CultureInfo.InvariantCulture, out var parsed) ? parsed : 0L;
            case "default" or "d":
                var isMissing = value is TemplateUndefined || (arguments.Count > 1 && TemplateValues.IsTrue(arguments[1]) && !TemplateValues.IsTrue(value));
                return isMissing ? arguments.Count > 0 ? arguments[0] : MarkedText.Empty : value;
            case "tojson":
                var indent = named.GetValueOrDefault("indent") ?? (arguments.Count > 0 ? arguments[0] : null);
                return MarkedText.Plain(TemplateValues.Json(value, indent is long width ? (int)Math.Clamp(width, 0, 16) : null));
            case "selectattr" or "rejectattr":
                return Selected(name == "selectattr", value, arguments);
            case "map" when named.GetValueOrDefault("attribute") is MarkedText attribute:
                return TemplateValues.Items(value).Select(item => Member(item, attribute.Text)).ToList();
            case "map" when arguments.Count > 0:
                return TemplateValues.Items(value).Select(item => Filter(Text(arguments[0]).Text, item, [.. arguments.Skip(1)], named)).ToList();
            default:
                throw new TemplateException($"uses the filter '{name}', which is not supported");
        }
    }

    public static bool Test(string name, object? value, IReadOnlyList<object?> arguments) => name switch
    {
        "defined" => value is not TemplateUndefined,
        "undefined" => value is TemplateUndefined,
        "none" => value is null,
        "true" => value is true,
        "false" => value is false,
        "boolean" => value is bool,
        "string" => value is MarkedText,
        "number" => value is long or double,
        "integer" => value is long,
        "float" => value is double,
        "mapping" => value is TemplateDictionary,
        "iterable" or "sequence" => value is MarkedText or IReadOnlyList<object?> or TemplateDictionary,
        "callable" => value is TemplateFunction,
        "odd" => TemplateValues.Number(value) is { } number && Math.Abs(number % 2) == 1,
        "even" => TemplateValues.Number(value) is { } number && number % 2 == 0,
        "divisibleby" => TemplateValues.Number(value) % TemplateValues.Number(arguments[0]) == 0,
        "equalto" or "eq" or "==" => TemplateValues.AreEqual(value, arguments[0]),
        "ne" or "!=" => !TemplateValues.AreEqual(value, arguments[0]),
        "in" => Contains(arguments[0], value),
        _ => throw new TemplateException($"uses the test '{name}', which is not supported"),
    };

    public static bool Contains(object? container, object? value) => container switch
    {
        MarkedText text => text.Text.Contains(Text(value).Text, StringComparison.Ordinal),
        TemplateDictionary dictionary => value is MarkedText key && dictionary.Entries.ContainsKey(key.Text),
        _ => TemplateValues.Items(container).Any(item => TemplateValues.AreEqual(item, value)),
    };

    /// <summary>What stands behind a dot or in brackets: a dictionary's or namespace's entry.</summary>
    public static object? Member(object? target, string name) => target switch
    {
        TemplateDictionary dictionary when dictionary.Entries.TryGetValue(name, out var value) => value,
        TemplateNamespace space when space.Values.TryGetValue(name, out var value) => value,
        TemplateUndefined undefined => throw new TemplateException($"reads '{name}' of '{undefined.Name}', which is not defined"),
        _ => new TemplateUndefined(name),
    };

    public static object? Method(object? target, string name, IReadOnlyList<object?> arguments)
    {
        switch (target)
        {
            case MarkedText text:
                return TextMethod(text, name, arguments);
            case TemplateDictionary dictionary:
                return name switch
                {
                    "items" => dictionary.Entries.Select(entry => (object?)new List<object?> { MarkedText.Plain(entry.Key), entry.Value }).ToList(),
                    "keys" => TemplateValues.Items(dictionary).ToList(),
                    "values" => dictionary.Entries.Values.ToList(),
                    "get" => dictionary.Entries.TryGetValue(TemplateValues.Key(arguments[0]), out var value) ? value : arguments.Count > 1 ? arguments[1] : null,
                    _ => throw Unknown(target, name),
                };
            case List<object?> list when name == "append":
                list.Add(arguments[0]);
                return null;
            default:
                throw Unknown(target, name);
        }
    }

    private static object? TextMethod(MarkedText text, string name, IReadOnlyList<object?> arguments)
    {
        switch (name)
        {
            case "strip" or "lstrip" or "rstrip":
                return text.Trim(arguments.Count > 0 ? Text(arguments[0]).Text : null, atStart: name != "rstrip", atEnd: name != "lstrip");
            case "upper":
                return text.Respelled(text.Text.ToUpperInvariant());
            case "lower":
                return text.Respelled(text.Text.ToLowerInvariant());
            case "title":
                return text.Respelled(CultureInfo.InvariantCulture.TextInfo.ToTitleCase(text.Text.ToLowerInvariant()));
            case "capitalize":
                return text.Respelled(text.Text.Length == 0 ? string.Empty : char.ToUpperInvariant(text.Text[0]) + text.Text[1..].ToLowerInvariant());
            case "startswith" or "endswith":
                var ends = arguments[0] is IReadOnlyList<object?> several ? several.Select(Text) : [Text(arguments[0])];
                return ends.Any(end => name == "startswith" ? text.Text.StartsWith(end.Text, StringComparison.Ordinal) : text.Text.EndsWith(end.Text, StringComparison.Ordinal));
            case "replace":
                return text.Replace(Text(arguments[0]).Text, Text(arguments[1]));
            case "split" when arguments.Count > 0:
                return text.Split(Text(arguments[0]).Text, arguments.Count > 1 && arguments[1] is long most && most >= 0 ? (int)Math.Min(most, int.MaxValue) : int.MaxValue).Cast<object?>().ToList();
            case "split":
                return Words(text);
            case "splitlines":
                return text.Split("\n").Cast<object?>().ToList();
            case "find":
                return (long)text.Text.IndexOf(Text(arguments[0]).Text, StringComparison.Ordinal);
            case "join":
                return MarkedText.Join(text, TemplateValues.Items(arguments[0]).Select(Text));
            default:
                throw Unknown(text, name);
        }
    }

    private static List<object?> Words(MarkedText text)
    {
        var words = new List<object?>();
        for (var start = 0; start < text.Text.Length;)
        {
            var end = start;
            while (end < text.Text.Length && !char.IsWhiteSpace(text.Text[end]))
            {
                end++;
            }

            if (end > start)
            {
                words.Add(text.Slice(start, end));
            }

            start = end + 1;
        }

        return words;
    }

    private static List<object?> Selected(bool select, object? value, IReadOnlyList<object?> arguments)
    {
        var attribute = Text(arguments[0]).Text;
        return [.. TemplateValues.Items(value).Where(item =>
        {
            var member = Member(item, attribute);
            var holds = arguments.Count > 1 ? Test(Text(arguments[1]).Text, member, [.. arguments.Skip(2)]) : TemplateValues.IsTrue(member);
            return holds == select;
        })];
    }

    private static MarkedText Text(object? value) =>
        value as MarkedText ?? throw new TemplateException($"uses {TemplateValues.KindOf(value)} where a text belongs");

    private static TemplateException Unknown(object? target, string name) =>
        new($"calls '{name}' of {TemplateValues.KindOf(target)}, which is not supported");
}
