using System.Reflection;
using Jigsaw.Losses.Hyperparameters;

namespace Jigsaw.CommandLine.Recipes;

/// <summary>Ramps that keep their share of a run of any length.</summary>
internal static class RampScaling
{
    private static readonly string[] _starts = ["RampStartFrom", "RampFrom"];

    /// <summary>The numbers for a run of another length than they were written for.</summary>
    /// <param name="numbers">The numbers; not changed.</param>
    /// <param name="written">Those of the recipe: only what equals them is scaled.</param>
    /// <param name="steps">The length of the run.</param>
    /// <param name="whole">The length that the recipe was written for.</param>
    internal static RecipeHyperparameters Scale(RecipeHyperparameters numbers, RecipeHyperparameters written, int steps, int whole)
    {
        var scaled = numbers with { };
        foreach (var property in scaled.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property => property.PropertyType == typeof(int) && property.SetMethod is not null))
        {
            var (number, own) = ((int)property.GetValue(numbers)!, (int)property.GetValue(written)!);
            var share = number == own ? (int)Math.Round((double)own * steps / whole, MidpointRounding.AwayFromZero) : number;
            int? value = property.Name switch
            {
                var name when _starts.Any(end => name.EndsWith(end, StringComparison.Ordinal)) => share,
                var name when name.EndsWith("RampSteps", StringComparison.Ordinal) => Math.Max(1, share),
                var name when name.EndsWith("Every", StringComparison.Ordinal) => Math.Min(number, steps),
                _ => null,
            };
            if (value is { } changed && changed != number)
            {
                property.SetMethod!.Invoke(scaled, BindingFlags.DoNotWrapExceptions, null, [changed], null);
            }
        }

        return scaled;
    }
}
