using Jigsaw.Losses.Hyperparameters;

namespace Jigsaw.Compatibility;

/// <summary>The arguments that a loss was built with at run time, under the original API's names.</summary>
public sealed record FactoryHyperparameters : RecipeHyperparameters
{
    private readonly OrderedDictionary<string, object?> _values;

    internal FactoryHyperparameters(params IEnumerable<KeyValuePair<string, object?>> values) => _values = new(values);

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, object?> ToDictionary() => _values;
}
