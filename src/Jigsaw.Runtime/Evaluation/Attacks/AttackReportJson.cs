using System.Text.Json.Serialization;

namespace Jigsaw.Evaluation.Attacks;

/// <summary>A report as JSON, without reflection.</summary>
[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(AttackReport))]
internal sealed partial class AttackReportJson : JsonSerializerContext;
