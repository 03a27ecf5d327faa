using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Jigsaw.Fuzz.Tests.Mutations;

/// <summary>
/// Changes the tree of a JSON file, so that what is behind the parser is reached: a value becomes one of another kind, an extreme number, a part of another place or of another file, or nothing. A quarter of the
/// edits are of the text, which reaches the parser. A file of JSON lines is changed in one of them.
/// </summary>
/// <param name="parts">Other good files of the kind.</param>
/// <param name="lines">True if each line is a value of its own.</param>
internal sealed class JsonMutator(IReadOnlyList<string> parts, bool lines = false) : Mutator
{
    private static readonly string[] _values =
    [
        "null", "true", "-1", "0", "1e-400", "1e308", "2147483647", "2147483648", "-9223372036854775808", "99999999999999999999", "0.1", "\"\"", "\"x\"", "\"(\"", "\"\\ud83d\\ude00\"", "\"nan\"", "\"../../x\"",
        "[]", "{}", "[[[[[[]]]]]]", "[null]", "[-1, 2, 2]", "\"(?:[[:alpha:]&&\\\\p{L}]+|(\"", "\"{% for x in range(10**9) %}{{ x }}{% endfor %}\"",
    ];

    // Stands for half a surrogate pair, which no name of a tree can have, until the tree is text.
    private const string Mark = "\ue000";
    private const string MarkWritten = "\\uE000";

    // A name that an edit before has put in twice is seen now, and not by whoever reads the tree.
    private static readonly JsonDocumentOptions _strict = new() { AllowDuplicateProperties = false };

    private static readonly TextMutator _text = new(["{", "}", "[", "]", ",", ":", "\"", "1e400", "\\u0000", "\"\\ud800\"", "//", "\ufeff", "NaN", "Infinity", "\"a\": 1, \"a\": 2,"], []);

    private readonly JsonNode[] _parts = [.. parts.Select(part => JsonNode.Parse(part)!)];

    protected override byte[] Edit(byte[] bytes, Random random)
    {
        if (random.Next(4) == 0)
        {
            return _text.Mutate(bytes, random);
        }

        var text = Encoding.UTF8.GetString(bytes);
        if (!lines)
        {
            return Encoding.UTF8.GetBytes(Edit(text, random));
        }

        var rows = text.Split('\n');
        var row = random.Next(rows.Length);
        rows[row] = random.Next(10) == 0 ? rows[random.Next(rows.Length)] : Edit(rows[row], random);
        return Encoding.UTF8.GetBytes(string.Join('\n', rows));
    }

    private string Edit(string text, Random random)
    {
        JsonNode? root;
        try
        {
            root = JsonNode.Parse(text, documentOptions: _strict);
        }
        catch (JsonException)
        {
            return text + _values[random.Next(_values.Length)];
        }
        catch (InvalidOperationException)
        {
            // A name with half a surrogate pair, which an edit before has put in, can't be compared with others.
            return text;
        }

        if (Place(root, random) is not { } place)
        {
            return _values[random.Next(_values.Length)];
        }

        try
        {
            Put(place.Owner, place.Key, place.Index, random);
            return root!.ToJsonString().Replace(MarkWritten, "\\ud800", StringComparison.Ordinal);
        }
        catch (InvalidOperationException)
        {
            // A lone surrogate, which an edit before has put in, has no text.
            return text[..random.Next(text.Length)];
        }
    }

    private void Put(JsonNode owner, string? key, int index, Random random)
    {
        var replaced = random.Next(4) switch
        {
            0 when Place(_parts.Length > 0 ? _parts[random.Next(_parts.Length)] : owner.Root, random) is { } donor => donor.Key is { } name ? donor.Owner[name]?.DeepClone() : donor.Owner[donor.Index]?.DeepClone(),
            _ => JsonNode.Parse(_values[random.Next(_values.Length)]),
        };
        var removed = random.Next(6) == 0;
        if (owner is JsonObject fields)
        {
            fields.Remove(key!);
            if (!removed)
            {
                fields[random.Next(12) == 0 ? OtherName(key!, random) : key!] = replaced;
            }
        }
        else if (removed)
        {
            owner.AsArray().RemoveAt(index);
        }
        else
        {
            owner.AsArray()[index] = replaced;
        }
    }

    private static string OtherName(string name, Random random) => random.Next(4) switch
    {
        0 => Mark + name,
        1 => name + Mark,
        2 => Mark,
        _ => name + "_",
    };

    /// <summary>A place in the tree: each step down is as likely as staying.</summary>
    private static (JsonNode Owner, string? Key, int Index)? Place(JsonNode? root, Random random)
    {
        (JsonNode Owner, string? Key, int Index)? place = null;
        for (var node = root; node is JsonObject { Count: > 0 } or JsonArray { Count: > 0 };)
        {
            if (node is JsonObject fields)
            {
                var key = fields.ElementAt(random.Next(fields.Count)).Key;
                place = (node, key, 0);
                node = fields[key];
            }
            else
            {
                var index = random.Next(node.AsArray().Count);
                place = (node, null, index);
                node = node[index];
            }

            if (random.Next(3) == 0)
            {
                break;
            }
        }

        return place;
    }
}
