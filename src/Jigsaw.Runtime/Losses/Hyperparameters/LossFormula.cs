using System.Globalization;
using System.Text;
using Jigsaw.CompilerServices;

namespace Jigsaw.Losses.Hyperparameters;

/// <summary>The loss of a recipe as a sum, with the numbers that it runs with.</summary>
internal static class LossFormula
{
    private const string Head = "composite_loss = ";

    /// <summary>A line for each term whose weight isn't 0, in order of declaration.</summary>
    internal static string Of(IEnumerable<(string Key, double Weight, bool IsSubtracted)> weights, IReadOnlyDictionary<string, object?> named)
    {
        var terms = weights.Where(term => term.Weight != 0).Select(term => (term.Key, Weight: NumberText.Of(term.Weight), term.IsSubtracted, Notes: Notes(term.Key, named))).ToArray();
        if (terms.Length == 0)
        {
            return Head + "0\n";
        }

        var (weight, key) = (terms.Max(term => term.Weight.Length), terms.Max(term => term.Key.Length));
        var text = new StringBuilder();
        foreach (var (term, index) in terms.Select((term, index) => (term, index)))
        {
            var sign = term.IsSubtracted ? '−' : index == 0 ? ' ' : '+';
            text.Append($"{(index == 0 ? Head : new string(' ', Head.Length))}{sign} {term.Weight.PadRight(weight)} · {term.Key.PadRight(key)}  {term.Notes}".TrimEnd()).Append('\n');
        }

        if (named.GetValueOrDefault("alpha") is double alpha)
        {
            text.Append(CultureInfo.InvariantCulture, $"{new string(' ', Head.Length)}with alpha = {NumberText.Of(alpha)} between strength and the others\n");
        }

        return text.ToString();
    }

    private static string Notes(string key, IReadOnlyDictionary<string, object?> named)
    {
        var notes = new List<string>();
        if (named.GetValueOrDefault(key + "_mask") is string mask)
        {
            notes.Add($"{mask.Replace('_', ' ')} mask");
        }

        var stem = key.EndsWith("_loss", StringComparison.Ordinal) ? key[..^"_loss".Length] : key;
        if (named.GetValueOrDefault(stem + "_max_loss") is double cap)
        {
            notes.Add($"capped at {NumberText.Of(cap)}");
        }

        if (named.GetValueOrDefault(key + "_every") is int every and > 1)
        {
            notes.Add(string.Create(CultureInfo.InvariantCulture, $"every {every} steps, at {every} times the weight"));
        }

        if (named.GetValueOrDefault(key + "_weight_ramp") is string ramp && named.GetValueOrDefault(key + "_weight_ramp_steps") is int steps)
        {
            notes.Add(string.Create(CultureInfo.InvariantCulture, $"{ramp} ramp over {steps} steps from step {named.GetValueOrDefault(key + "_weight_ramp_from") ?? 0}"));
        }

        return string.Join("; ", notes);
    }
}
