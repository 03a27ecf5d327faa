using Jigsaw.Data;

namespace Jigsaw.Training;

/// <summary>
/// Held-out batches that a run is measured on while it trains: the recipe's own loss, with the weights of the run's end, so that values of different steps can be compared while weights are ramped. Batches and noise are the same
/// each time, no gradient is formed, and the training's random numbers are not touched: a run with an evaluation trains as one without.
/// </summary>
public sealed record TrainingEvaluation
{
    /// <summary>The batches, of rows that the training does not see.</summary>
    public required ITokenBatches Batches { get; init; }

    /// <summary>How many of them are measured each time, from number 0.</summary>
    public required int Count { get; init; }

    /// <summary>Steps between two evaluations; the last step has one in any case.</summary>
    public int Every { get; init; } = 100;

    /// <summary>The run ends after this many evaluations in a row without a new best; null trains to the last step.</summary>
    public int? Patience { get; init; }

    /// <summary>Checks the numbers.</summary>
    /// <exception cref="ArgumentException">A number is out of its range.</exception>
    public void Validate()
    {
        Require(Batches is not null, nameof(Batches), "null", "batches of rows that the training does not see");
        Require(Count > 0, nameof(Count), Count, "at least 1");
        Require(Every > 0, nameof(Every), Every, "at least 1");
        Require(Patience is null or > 0, nameof(Patience), Patience ?? 0, "null or at least 1");
    }

    private static void Require(bool holds, string name, object value, string rule)
    {
        if (!holds)
        {
            throw new ArgumentException($"{name} of the training's evaluation is {value}; use {rule}.", name);
        }
    }
}
