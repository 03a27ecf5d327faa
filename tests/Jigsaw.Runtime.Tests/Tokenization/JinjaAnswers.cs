using System.IO.Compression;
using System.Text.Json;
using Jigsaw.Checkpoints;
using Jigsaw.Tokenization;

namespace Jigsaw.Runtime.Tests.Tokenization;

/// <summary>What Jinja2 itself made of templates: the answers that tests/jinja/make_answers.py stored.</summary>
internal static class JinjaAnswers
{
    private static readonly ChatMessage[] _messages = [new("user", "unused")];

    private static readonly Lazy<Dictionary<string, object?>> _variables = new(() =>
    {
        using var document = Read("syntax.json");
        return document.RootElement.GetProperty("variables").EnumerateObject().ToDictionary(entry => entry.Name, entry => (object?)entry.Value.Clone());
    });

    /// <summary>Templates with their texts; a text is null where Jinja2 raises an error.</summary>
    public static IReadOnlyList<(string Template, string? Text)> Cases(string name)
    {
        using var document = Read(name);
        var cases = document.RootElement.ValueKind == JsonValueKind.Array ? document.RootElement : document.RootElement.GetProperty("cases");
        return [.. cases.EnumerateArray().Select(entry => (entry[0].GetString()!, entry[1].GetString()))];
    }

    /// <summary>What Jigsaw makes of a template: its text, or null where it is refused by an exception that it is to be refused by.</summary>
    public static string? Render(string template)
    {
        try
        {
            return new ChatTemplate(ChatTemplate.Parse("t", template)) { Now = new DateTime(2024, 7, 6, 9, 5, 3) }.Render(_messages, arguments: _variables.Value).Text;
        }
        catch (Exception exception) when (exception is CheckpointException or ArgumentException)
        {
            return null;
        }
    }

    /// <summary>The cases in which the two differ, as lines.</summary>
    public static IReadOnlyList<string> Differences(string name) => [.. Cases(name)
        .Select(entry => (entry.Template, Expected: entry.Text, Actual: Render(entry.Template)))
        .Where(entry => entry.Expected != entry.Actual)
        .Select(entry => $"{JsonSerializer.Serialize(entry.Template)}: {JsonSerializer.Serialize(entry.Expected)}, not {JsonSerializer.Serialize(entry.Actual)}")];

    private static JsonDocument Read(string name)
    {
        using var file = File.OpenRead(TestData.Path("jinja", name));
        using var stream = name.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(file, CompressionMode.Decompress) : (Stream)file;
        return JsonDocument.Parse(stream);
    }
}
