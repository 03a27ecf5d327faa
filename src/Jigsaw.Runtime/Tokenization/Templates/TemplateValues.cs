using System.Collections;
using System.Globalization;
using System.Text;

namespace Jigsaw.Tokenization.Templates;

/// <summary>
/// What values of a template are to Python: true or false, equal, text, JSON. A value is null, bool, long, double, <see cref="MarkedText"/>,
/// a list, a <see cref="TemplateDictionary"/>, a <see cref="TemplateNamespace"/>, a <see cref="TemplateFunction"/> or <see cref="TemplateUndefined"/>.
/// </summary>
internal static class TemplateValues
{
    public static bool IsTrue(object? value) => value switch
    {
        null or TemplateUndefined => false,
        bool flag => flag,
        long number => number != 0,
        double number => number != 0,
        MarkedText text => text.Text.Length > 0,
        IReadOnlyList<object?> list => list.Count > 0,
        TemplateDictionary dictionary => dictionary.Entries.Count > 0,
        _ => true,
    };

    public static bool AreEqual(object? left, object? right) => (left, right) switch
    {
        (MarkedText first, MarkedText second) => first.Text == second.Text,
        (IReadOnlyList<object?> first, IReadOnlyList<object?> second) => first.Count == second.Count && first.Zip(second).All(pair => AreEqual(pair.First, pair.Second)),
        (TemplateUndefined, TemplateUndefined) => true,
        _ when Number(left) is { } first && Number(right) is { } second => first == second,
        _ => Equals(left, right),
    };

    public static int Compare(object? left, object? right) => (left, right) switch
    {
        (MarkedText first, MarkedText second) => string.CompareOrdinal(first.Text, second.Text),
        _ when Number(left) is { } first && Number(right) is { } second => first.CompareTo(second),
        _ => throw new TemplateException($"compares {KindOf(left)} with {KindOf(right)}"),
    };

    public static double? Number(object? value) => value switch
    {
        bool flag => flag ? 1 : 0,
        long number => number,
        double number => number,
        _ => null,
    };

    public static MarkedText Text(object? value) => value switch
    {
        MarkedText text => text,
        null => MarkedText.Plain("None"),
        TemplateUndefined => MarkedText.Empty,
        bool flag => MarkedText.Plain(flag ? "True" : "False"),
        long number => MarkedText.Plain(number.ToString(CultureInfo.InvariantCulture)),
        double number => MarkedText.Plain(number == Math.Floor(number) && Math.Abs(number) < 1e16 ? number.ToString("F1", CultureInfo.InvariantCulture) : number.ToString("R", CultureInfo.InvariantCulture)),
        _ => throw new TemplateException($"writes {KindOf(value)} as text, which is not supported; tojson is"),
    };

    public static IEnumerable<object?> Items(object? value) => value switch
    {
        IReadOnlyList<object?> list => list,
        TemplateDictionary dictionary => dictionary.Entries.Keys.Select(key => (object?)MarkedText.Plain(key)),
        MarkedText text => Enumerable.Range(0, text.Text.Length).Select(i => (object?)text.Slice(i, i + 1)),
        TemplateUndefined => [],
        _ => throw new TemplateException($"goes through {KindOf(value)}, which has no items"),
    };

    public static long Length(object? value) => value switch
    {
        MarkedText text => text.Text.EnumerateRunes().Count(),
        IReadOnlyList<object?> list => list.Count,
        TemplateDictionary dictionary => dictionary.Entries.Count,
        TemplateUndefined => 0,
        _ => throw new TemplateException($"asks for the length of {KindOf(value)}"),
    };

    public static string Key(object? value) => value is MarkedText text ? text.Text : throw new TemplateException($"uses {KindOf(value)} as a key");

    public static string KindOf(object? value) => value switch
    {
        null => "none",
        TemplateUndefined undefined => $"'{undefined.Name}', which is not defined,",
        bool => "a boolean",
        long or double => "a number",
        MarkedText => "a text",
        IList or IReadOnlyList<object?> => "a list",
        TemplateDictionary => "a dictionary",
        TemplateFunction => "a function",
        _ => "a namespace",
    };

    /// <summary>As Python's json.dumps writes it, with characters beyond ASCII as they are.</summary>
    public static string Json(object? value, int? indent = null)
    {
        var text = new StringBuilder();
        WriteJson(text, value, indent, 0);
        return text.ToString();
    }

    private static void WriteJson(StringBuilder text, object? value, int? indent, int level)
    {
        switch (value)
        {
            case null:
                text.Append("null");
                break;
            case bool flag:
                text.Append(flag ? "true" : "false");
                break;
            case MarkedText content:
                WriteJsonText(text, content.Text);
                break;
            case IReadOnlyList<object?> list:
                WriteJsonItems(text, '[', ']', [.. list], item => WriteJson(text, item, indent, level + 1), indent, level);
                break;
            case TemplateDictionary dictionary:
                WriteJsonItems(text, '{', '}', [.. dictionary.Entries], entry =>
                {
                    WriteJsonText(text, entry.Key);
                    text.Append(": ");
                    WriteJson(text, entry.Value, indent, level + 1);
                }, indent, level);
                break;
            case long or double:
                text.Append(Text(value).Text);
                break;
            default:
                throw new TemplateException($"writes {KindOf(value)} as JSON");
        }
    }

    private static void WriteJsonItems<T>(StringBuilder text, char open, char close, T[] items, Action<T> write, int? indent, int level)
    {
        text.Append(open);
        for (var i = 0; i < items.Length; i++)
        {
            text.Append(i == 0 ? string.Empty : indent is null ? ", " : ",");
            NewLine(indent, level + 1);
            write(items[i]);
        }

        if (items.Length > 0)
        {
            NewLine(indent, level);
        }

        text.Append(close);

        void NewLine(int? width, int depth)
        {
            if (width is { } spaces)
            {
                text.Append('\n').Append(' ', spaces * depth);
            }
        }
    }

    private static void WriteJsonText(StringBuilder text, string content)
    {
        text.Append('"');
        foreach (var c in content)
        {
            text.Append(c switch
            {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                '\b' => "\\b",
                '\f' => "\\f",
                < ' ' => $"\\u{(int)c:x4}",
                _ => c.ToString(),
            });
        }

        text.Append('"');
    }
}
