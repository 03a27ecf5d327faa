using System.Text.Json.Nodes;
using Jigsaw.Training;

namespace Jigsaw.CommandLine.Output;

/// <summary>A training step as JSON. A number that is not finite is null.</summary>
internal static class StepJson
{
    /// <summary>What was measured of a step.</summary>
    internal static JsonObject Of(TrainingStep step) => new()
    {
        ["step"] = step.Step,
        ["components"] = Of(step.Components),
        ["gradient_norm"] = Number(step.GradientNorm),
        ["learning_rate"] = step.LearningRate,
        ["tokens"] = step.Tokens,
        ["tokens_per_second"] = Number(step.TokensPerSecond),
        ["elapsed_seconds"] = step.Elapsed.TotalSeconds,
    };

    /// <summary>Components by name.</summary>
    internal static JsonObject Of(IReadOnlyDictionary<string, double> components) => new(components.Select(component => KeyValuePair.Create(component.Key, Number(component.Value))));

    /// <summary>A number; null where JSON has none.</summary>
    internal static JsonNode? Number(double value) => double.IsFinite(value) ? value : null;
}
