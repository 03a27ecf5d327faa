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
    internal static string Describe(TrainingStep step) => string.Create(
        CultureInfo.InvariantCulture,
        $"loss {step.Loss,7:0.000}  {step.TokensPerSecond,5:0} tokens/s  {(step.Remaining.TotalHours >= 1 ? $"{(int)step.Remaining.TotalHours}:" : "")}{step.Remaining:m\\:ss} left  {Components(step.Components)}");

    /// <summary>The line with what the step's evaluation measured; null if it had none.</summary>
    internal static string? OfEvaluation(TrainingStep step) => step.Evaluation is not { } evaluation ? null
        : string.Create(CultureInfo.InvariantCulture, $"step {step.Step,4}/{step.Steps}  on held-out chats: loss {evaluation[ComponentLosses.CompositeKey]:0.000}{(step.IsBest ? ", the best so far" : "")}  {Components(evaluation)}");

    private static string Components(IReadOnlyDictionary<string, double> components) => string.Join(' ', components
        .Where(component => component.Key != ComponentLosses.CompositeKey)
        .Select(component => string.Create(CultureInfo.InvariantCulture, $"{Short(component.Key)} {component.Value:0.###}")));

    private static string Short(string key) => key
        .Replace("jigsaw_", "", StringComparison.Ordinal)
        .Replace("_loss", "", StringComparison.Ordinal)
        .Replace("_penalty", "", StringComparison.Ordinal)
        .Replace("gaussian_mixture_", "", StringComparison.Ordinal);
}
