using System.Globalization;
using System.Text.Json;
using Jigsaw.Checkpoints;

namespace Jigsaw.Losses.Hyperparameters;

/// <summary>
/// A JSON object of hyperparameters under the original API's names, read against a recipe's own: a name that the recipe doesn't know is an
/// error that suggests the nearest one, and so is structure that differs. What the file doesn't name stays as in the recipe.
/// </summary>
internal static class HyperparameterFile
{
    /// <summary>Reads a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="recipe">The recipe's hyperparameters.</param>
    /// <param name="structure">The names among them that are structure.</param>
    /// <param name="properties">The original API's name of each number by the name of its property in C#, which a file may use as well.</param>
    /// <returns>The recipe's hyperparameters with the file's numbers.</returns>
    /// <exception cref="ArgumentException">The file is not a JSON object, a name is unknown, a value has the wrong type, or structure differs.</exception>
    internal static IReadOnlyDictionary<string, object?> Read(string path, IReadOnlyDictionary<string, object?> recipe, IReadOnlyCollection<string> structure, IReadOnlyDictionary<string, string> properties)
    {
        var values = new Dictionary<string, object?>(recipe, StringComparer.Ordinal);
        using var document = Parse(path);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var property in document.RootElement.EnumerateObject())
        {
            var name = properties.GetValueOrDefault(property.Name, property.Name);
            if (!seen.Add(name))
            {
                throw new ArgumentException($"{path} names '{name}' twice{(name == property.Name ? "" : $", once as '{property.Name}'")}; keep one.");
            }

            if (!values.TryGetValue(name, out var known))
            {
                throw new ArgumentException($"{path} names '{property.Name}', which this recipe doesn't have; did you mean '{Nearest(property.Name, values.Keys.Concat(properties.Keys))}'?");
            }

            values[name] = known switch
            {
                _ when structure.Contains(name) => SameStructure(path, property, known),
                double => Value(path, property),
                int => Whole(path, property),
                _ => SameStructure(path, property, known),
            };
        }

        return values;
    }

    private static JsonDocument Parse(string path)
    {
        JsonDocument document;
        try
        {
            var text = File.ReadAllText(path);
            JsonUnicode.Require(text, new JsonReaderOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
            document = JsonDocument.Parse(text, new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
        }
        catch (JsonException error)
        {
            throw new ArgumentException($"{path} is not JSON ({JsonReason.Of(error)}); correct it there.", error);
        }

        if (document.RootElement.ValueKind != JsonValueKind.Object)
        {
            using (document)
            {
                throw new ArgumentException($"{path} holds a JSON {Kind(document.RootElement)}; write an object of hyperparameters by name.");
            }
        }

        return document;
    }

    private static double Value(string path, JsonProperty property) =>
        property.Value.ValueKind == JsonValueKind.Number
            ? property.Value.GetDouble()
            : throw new ArgumentException($"{property.Name} in {path} is {property.Value.GetRawText()}; write a number.");

    private static int Whole(string path, JsonProperty property) =>
        property.Value.ValueKind == JsonValueKind.Number && property.Value.TryGetDouble(out var value) && Math.Truncate(value).Equals(value) && value is >= int.MinValue and <= int.MaxValue
            ? (int)value
            : throw new ArgumentException($"{property.Name} in {path} is {property.Value.GetRawText()}; write a whole number that an int can hold.");

    private static object? SameStructure(string path, JsonProperty property, object? known)
    {
        object? value = property.Value.ValueKind switch
        {
            JsonValueKind.Null => null,
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            JsonValueKind.String => property.Value.GetString(),
            JsonValueKind.Number when property.Value.TryGetInt32(out var whole) => whole,
            _ => property.Value.GetRawText(),
        };
        return Equals(value, known)
            ? known
            : throw new ArgumentException(
                $"{property.Name} in {path} is {property.Value.GetRawText()}, but the recipe was compiled with {Text(known)}; structure can't change at run time: remove the line, or change the recipe.");
    }

    private static string Text(object? value) => value switch
    {
        null => "null",
        bool truth => truth ? "true" : "false",
        string text => $"\"{text}\"",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
    };

    private static string Kind(JsonElement element) => element.ValueKind.ToString().ToLowerInvariant();

    /// <summary>The name with the fewest edits; empty if there is none.</summary>
    internal static string Nearest(string name, IEnumerable<string> names) => names.MinBy(known => Distance(name, known)) ?? "";

    /// <summary>Levenshtein's distance.</summary>
    private static int Distance(string left, string right)
    {
        var row = Enumerable.Range(0, right.Length + 1).ToArray();
        for (var i = 1; i <= left.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= right.Length; j++)
            {
                var substituted = diagonal + (left[i - 1] == right[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(substituted, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[right.Length];
    }
}
