using System.Buffers;
using System.Collections;
using System.Numerics;
using System.Text.Json;
using Jigsaw.Tokenization.Templates;

namespace Jigsaw.Tokenization;

/// <summary>Values of conversations as a template's values. What is content is marked, whatever it is: texts, keys, numbers, true, false and null.</summary>
internal static class ChatJson
{
    private const int MaximumDepth = 64;

    public static JsonElement Object(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            write(writer);
            writer.WriteEndObject();
        }

        using var document = JsonDocument.Parse(buffer.WrittenMemory);
        return document.RootElement.Clone();
    }

    /// <summary>A JSON text, which may spell half a surrogate pair.</summary>
    public static string Text(JsonElement json, string what)
    {
        try
        {
            return json.GetString()!;
        }
        catch (InvalidOperationException exception)
        {
            throw new ArgumentException($"A conversation has {what} that is not Unicode text (half a surrogate pair, or invalid UTF-8); mend it.", exception);
        }
    }

    /// <summary>Writes JSON, which may spell half a surrogate pair.</summary>
    public static void Write(Utf8JsonWriter writer, JsonElement json, string what)
    {
        try
        {
            json.WriteTo(writer);
        }
        catch (InvalidOperationException exception)
        {
            throw new ArgumentException($"A conversation has {what} with a text or a name that is not Unicode text (half a surrogate pair, or invalid UTF-8); mend it.", exception);
        }
    }

    /// <summary>About how many characters a value has.</summary>
    public static long Length(JsonElement json) => json.ValueKind == JsonValueKind.Undefined ? 0 : json.GetRawText().Length;

    public static object? Value(JsonElement json, TextMark mark)
    {
        switch (json.ValueKind)
        {
            case JsonValueKind.String:
                return MarkedText.Of(Text(json, "a text"), mark);
            case JsonValueKind.Number:
                return MarkedScalar.Wrap(Number(json), mark);
            case JsonValueKind.True or JsonValueKind.False:
                return MarkedScalar.Wrap(json.ValueKind == JsonValueKind.True, mark);
            case JsonValueKind.Array:
                return TemplateList.Of(json.EnumerateArray().Select(item => Value(item, mark)));
            case JsonValueKind.Object:
                var dictionary = new TemplateDictionary();
                foreach (var field in json.EnumerateObject())
                {
                    dictionary.Set(MarkedText.Of(Name(field), mark), Value(field.Value, mark));
                }

                return dictionary;
            default:
                return MarkedScalar.Wrap(null, mark);
        }
    }

    /// <summary>A template argument of the caller's: a text, a number, a boolean, JSON, or lists and dictionaries of them. It is the template's own text, not content.</summary>
    public static object? Argument(string name, object? value, int depth = 0)
    {
        if (depth > MaximumDepth)
        {
            throw new ArgumentException($"The template argument '{name}' is nested deeper than {MaximumDepth} levels; give a flatter one.");
        }

        switch (value)
        {
            case null or bool or double:
                return value;
            case string text:
                return MarkedText.Plain(text);
            case float number:
                return (double)number;
            case int or long or short or byte or uint or ulong:
                return BigInteger.Parse(Convert.ToString(value, System.Globalization.CultureInfo.InvariantCulture)!, System.Globalization.CultureInfo.InvariantCulture);
            case BigInteger number:
                return number;
            case JsonElement json:
                return Value(json, default);
            case IDictionary entries:
                var dictionary = new TemplateDictionary();
                foreach (DictionaryEntry entry in entries)
                {
                    dictionary.Set(Argument(name, entry.Key, depth + 1), Argument(name, entry.Value, depth + 1));
                }

                return dictionary;
            case IEnumerable items:
                return TemplateList.Of(items.Cast<object?>().Select(item => Argument(name, item, depth + 1)));
            default:
                throw new ArgumentException($"The template argument '{name}' is a {value.GetType().Name}, which a template can't read; give a text, a number, a boolean, JSON, or a list or dictionary of them.");
        }
    }

    /// <summary>The name of a field, which may spell half a surrogate pair.</summary>
    public static string Name(JsonProperty field)
    {
        try
        {
            return field.Name;
        }
        catch (InvalidOperationException exception)
        {
            throw new ArgumentException("A conversation has the name of a field that is not Unicode text; mend it.", exception);
        }
    }

    private static object Number(JsonElement json)
    {
        var raw = json.GetRawText();
        if (raw.AsSpan().ContainsAny(".eE"))
        {
            return json.TryGetDouble(out var number) ? number : throw new ArgumentException($"A conversation has the number {raw[..Math.Min(raw.Length, 40)]}, which is out of range.");
        }

        return NumberParsing.Integer(raw, 10) is { } integer ? TemplateNumbers.Checked(integer) : throw new ArgumentException($"A conversation has '{raw[..Math.Min(raw.Length, 40)]}', which is not a number.");
    }
}
