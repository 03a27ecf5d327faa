using Jigsaw.CompilerServices;
using Jigsaw.Losses.Hyperparameters;

namespace Jigsaw.Compatibility;

/// <summary>The arguments that a loss was built with at run time, under the original API's names.</summary>
public sealed record FactoryHyperparameters : RecipeHyperparameters
{
    internal FactoryHyperparameters(params IEnumerable<KeyValuePair<string, object?>> values)
        : base(values.Aggregate(new HyperparameterTable(), (table, value) => table.Structure(value.Key, value.Value)))
    {
    }
}
