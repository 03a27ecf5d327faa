using System.Collections;
using System.Globalization;
using System.Text.Json;

namespace Jigsaw.Tokenization;

/// <summary>
/// What a conversation may tell its template besides messages. Arguments are the template's own text, which no transform changes, so none may carry what someone wrote: numbers and booleans are switches,
/// and a text must be one that the template itself has as a literal, the date under a name that says so, or an effort of reasoning.
/// </summary>
internal static class ChatArguments
{
    private const int MaximumDepth = 64;

    private static readonly string[] _given = ["messages", "tools", "documents", "add_generation_prompt", "continue_final_message"];
    private static readonly string[] _efforts = ["none", "minimal", "low", "medium", "high", "xhigh"];
    private static readonly string[] _dates = ["d MMM yyyy", "dd MMM yyyy", "d MMMM yyyy", "dd MMMM yyyy", "MMMM d, yyyy", "MMMM dd, yyyy", "MMM d, yyyy", "yyyy-MM-dd", "yyyy/MM/dd", "d MMM", "d MMMM"];

    /// <summary>A sentence about a name that the conversation itself gives; null if there is none.</summary>
    public static string? Taken(IEnumerable<string> names) => names.FirstOrDefault(_given.Contains) is { } name
        ? $"The template argument '{name}' is given by the conversation itself, and would take its place without a mask; {(name is "tools" or "documents" or "messages" ? $"give them as {name}" : "leave it out")}, not among the arguments."
        : null;

    /// <summary>Refuses texts that someone may have written.</summary>
    /// <param name="arguments">The arguments.</param>
    /// <param name="source">The template.</param>
    /// <exception cref="ArgumentException">One is such a text.</exception>
    public static void RequireNoContent(IReadOnlyDictionary<string, object?> arguments, string source)
    {
        // What the source doesn't name, it doesn't write.
        foreach (var (name, value) in arguments.Where(argument => source.Contains(argument.Key, StringComparison.Ordinal)))
        {
            if (HasContent(name, value, source, 0))
            {
                // The text itself may be private.
                throw new ArgumentException($"The template argument '{name}' has a text that the template's source doesn't have, and arguments are sent as they are, not transformed; put it into a message, or use a number, a boolean, or a word that the template knows.");
            }
        }
    }

    private static bool HasContent(string name, object? value, string source, int depth) => depth > MaximumDepth || value switch
    {
        string text => !IsPublic(name, text, source),
        JsonElement { ValueKind: JsonValueKind.String } json => !IsPublic(name, ChatJson.Text(json, "a template argument"), source),
        JsonElement { ValueKind: JsonValueKind.Array } json => json.EnumerateArray().Any(item => HasContent(name, item, source, depth + 1)),
        JsonElement { ValueKind: JsonValueKind.Object } json => json.EnumerateObject().Any(field => HasContent(name, ChatJson.Name(field), source, depth + 1) || HasContent(name, field.Value, source, depth + 1)),
        IDictionary entries => entries.Cast<DictionaryEntry>().Any(entry => HasContent(name, entry.Key, source, depth + 1) || HasContent(name, entry.Value, source, depth + 1)),
        IEnumerable items => items.Cast<object?>().Any(item => HasContent(name, item, source, depth + 1)),
        _ => false,
    };

    private static bool IsPublic(string name, string text, string source) =>
        text.Length == 0
        || (name == "reasoning_effort" && _efforts.Contains(text))
        || source.Contains($"'{text}'", StringComparison.Ordinal) || source.Contains($"\"{text}\"", StringComparison.Ordinal)
        || (name.Contains("date", StringComparison.Ordinal) && DateTime.TryParseExact(text, _dates, CultureInfo.InvariantCulture, DateTimeStyles.None, out _));
}
