using System.Globalization;
using Jigsaw.Losses;
using Jigsaw.Training;

namespace Jigsaw.CommandLine.Output;

/// <summary>A training step in one line.</summary>
internal static class StepLine
{
    /// <summary>The line with the step's number.</summary>
    internal static string Of(TrainingStep step) => string.Create(CultureInfo.InvariantCulture, $"step {step.Step,4}/{step.Steps}  {Describe(step)}");

    /// <summary>What the step was: loss, speed, time left, components.</summary>
    internal static string Describe(TrainingStep step)
    {
        var components = string.Join(' ', step.Components
            .Where(component => component.Key != ComponentLosses.CompositeKey)
            .Select(component => string.Create(CultureInfo.InvariantCulture, $"{Short(component.Key)} {component.Value:0.###}")));
        return string.Create(CultureInfo.InvariantCulture, $"loss {step.Loss,7:0.000}  {step.TokensPerSecond,5:0} tokens/s  {step.Remaining:m\\:ss} left  {components}");
    }

    private static string Short(string key) => key
        .Replace("jigsaw_", "", StringComparison.Ordinal)
        .Replace("_loss", "", StringComparison.Ordinal)
        .Replace("_penalty", "", StringComparison.Ordinal)
        .Replace("gaussian_mixture_", "", StringComparison.Ordinal);
}
