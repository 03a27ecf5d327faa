using System.Text.Json;

namespace Jigsaw.Checkpoints;

/// <summary>The fields of a JSON object of a checkpoint, read by kind; a field of the wrong kind is a <see cref="CheckpointException"/> that names it.</summary>
internal sealed class JsonFields
{
    private readonly string _path;
    private readonly JsonElement _element;

    public JsonFields(string path, JsonElement element)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            throw new CheckpointException(path, "does not hold a JSON object where one belongs; fetch it again.");
        }

        _path = path;
        _element = element;
    }

    public string Path => _path;

    public IEnumerable<string> Names => _element.EnumerateObject().Select(property => property.Name);

    /// <summary>True if the field is present and not null.</summary>
    public bool Has(string name) => Find(name) is not null;

    /// <summary>True if the field is there and null, which for some fields means something else than its absence.</summary>
    public bool IsNull(string name) => _element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Null;

    public JsonElement? Find(string name) =>
        _element.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    public JsonFields? Object(string name) => Find(name) is { } value ? new JsonFields(_path, value) : null;

    public string? Text(string name) => Find(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.String } value => value.GetString(),
        _ => throw Wrong(name, "a text"),
    };

    public bool? Flag(string name) => Find(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.True } => true,
        { ValueKind: JsonValueKind.False } => false,
        _ => throw Wrong(name, "true or false"),
    };

    public double? Number(string name) => Find(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.Number } value when value.TryGetDouble(out var number) && double.IsFinite(number) => number,
        _ => throw Wrong(name, "a number"),
    };

    public int? Integer(string name) => Find(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.Number } value when value.TryGetInt32(out var number) => number,
        _ => throw Wrong(name, "a whole number"),
    };

    /// <summary>A whole number that is at least 1.</summary>
    public int? Count(string name) => Integer(name) switch
    {
        null => null,
        >= 1 and var count => count,
        _ => throw Wrong(name, "a whole number of at least 1"),
    };

    public int RequiredCount(string name) => Count(name) ?? throw new CheckpointException(_path, $"lacks the field '{name}'; it is not the config.json of a supported model.");

    /// <summary>One whole number or an array of them; empty when the field is absent.</summary>
    public IReadOnlyList<int> Integers(string name) => Find(name) switch
    {
        null => [],
        { ValueKind: JsonValueKind.Number } => [Integer(name)!.Value],
        { ValueKind: JsonValueKind.Array } value => [.. value.EnumerateArray().Select(item =>
            item.ValueKind == JsonValueKind.Number && item.TryGetInt32(out var number) ? number : throw Wrong(name, "whole numbers"))],
        _ => throw Wrong(name, "a whole number or several"),
    };

    /// <summary>An array of texts; null when the field is absent.</summary>
    public IReadOnlyList<string>? Texts(string name) => Find(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.Array } value => [.. value.EnumerateArray().Select(item =>
            item.ValueKind == JsonValueKind.String ? item.GetString()! : throw Wrong(name, "an array of texts"))],
        _ => throw Wrong(name, "an array of texts"),
    };

    public CheckpointException Wrong(string name, string expected) =>
        new(_path, _element.TryGetProperty(name, out var value) ? $"has the field '{name}' = {Shorten(value.GetRawText())}, where {expected} belongs." : $"has no field '{name}', where {expected} belongs.");

    public CheckpointException Unsupported(string name, string wayOut) =>
        new(_path, _element.TryGetProperty(name, out var value) ? $"has the field '{name}' = {Shorten(value.GetRawText())}, which changes what the model computes and is not supported; {wayOut}" : $"has no field '{name}', which it needs; {wayOut}");

    private static string Shorten(string text) => text.Length <= 80 ? text : string.Concat(text.AsSpan(0, 77), "...");
}
