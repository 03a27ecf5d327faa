using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Jigsaw.CommandLine.Options;

/// <summary>Numbers of a recipe that are changed by name: in a file of options, or with <c>--set name=value</c>.</summary>
internal static class RecipeNumbers
{
    /// <summary>The numbers of both; those that are set win.</summary>
    /// <param name="given">A JSON object; null if there is none.</param>
    /// <param name="set">Each <c>name=value</c>.</param>
    /// <exception cref="UsageException">One of them is no number.</exception>
    internal static IReadOnlyDictionary<string, double> Of(string? given, IReadOnlyList<string> set)
    {
        var numbers = new Dictionary<string, double>(StringComparer.Ordinal);
        foreach (var (name, value) in given is null ? [] : JsonNode.Parse(given)!.AsObject())
        {
            numbers[name] = value!.GetValue<double>();
        }

        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (pair, name, text) in set.Select(pair => (pair, pair.Split('=', 2)[0], pair.Split('=', 2).ElementAtOrDefault(1))))
        {
            if (name.Length == 0 || !double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) || !double.IsFinite(value))
            {
                throw new UsageException($"--set is {pair}; use name=value with a number, such as information_rate_weight=0.2.");
            }

            numbers[name] = seen.Add(name) ? value : throw new UsageException($"--set names '{name}' twice; keep one.");
        }

        return numbers;
    }

    /// <summary>An object of a file, if all in it are numbers.</summary>
    /// <exception cref="UsageException">One isn't.</exception>
    internal static JsonObject Checked(string path, JsonObject numbers) =>
        numbers.FirstOrDefault(number => number.Value?.GetValueKind() is not JsonValueKind.Number) is { Key: { } name, Value: var value }
            ? throw new UsageException($"{path}: 'hyperparameters.{name}' is {value?.ToJsonString() ?? "null"}; use a number.")
            : numbers;
}
