using System.Text.Json;
using System.Text.Json.Serialization;

namespace Jigsaw.Transforms;

/// <summary>How a transform's file is written.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(StoredTransform))]
internal sealed partial class StoredTransformJson : JsonSerializerContext
{
    /// <summary>The same on one line.</summary>
    public static StoredTransformJson Line { get; } = new(new JsonSerializerOptions { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower });
}
