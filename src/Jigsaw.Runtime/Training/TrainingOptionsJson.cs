using Jigsaw.Models.Lora;
using System.Text.Json.Serialization;

namespace Jigsaw.Training;

/// <summary>The options' numbers as JSON, without reflection.</summary>
[JsonSerializable(typeof(TrainingOptions))]
[JsonSerializable(typeof(LoraConfig))]
[JsonSerializable(typeof(Dictionary<string, string>))]
internal sealed partial class TrainingOptionsJson : JsonSerializerContext;
