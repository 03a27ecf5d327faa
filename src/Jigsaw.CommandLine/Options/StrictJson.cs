using System.Text.Json;
using System.Text.Json.Nodes;
using Jigsaw.Checkpoints;

namespace Jigsaw.CommandLine.Options;

/// <summary>JSON of a file, refused at once for what .NET would notice only later: a name that stands twice, a text that is not Unicode.</summary>
internal static class StrictJson
{
    private static readonly JsonDocumentOptions _strict = new() { AllowDuplicateProperties = false };
    private static readonly JsonDocumentOptions _written = _strict with { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    /// <summary>Reads what a program wrote.</summary>
    /// <exception cref="JsonException">It is not JSON, or one of those.</exception>
    internal static JsonNode? Parse(string text)
    {
        JsonUnicode.Require(text);
        return JsonNode.Parse(text, documentOptions: _strict);
    }

    /// <summary>Reads what a person wrote, who may comment and end lists with a comma.</summary>
    /// <exception cref="JsonException">It is not JSON, or one of those.</exception>
    internal static JsonNode? ParseWritten(string text)
    {
        JsonUnicode.Require(text, new JsonReaderOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
        return JsonNode.Parse(text, documentOptions: _written);
    }
}
