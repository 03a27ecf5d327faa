using System.Text.Json.Serialization;

namespace Jigsaw.Data;

/// <summary>Counts by name, for an index on the disk.</summary>
[JsonSerializable(typeof(Dictionary<string, long>))]
internal sealed partial class RowIndexJson : JsonSerializerContext;
