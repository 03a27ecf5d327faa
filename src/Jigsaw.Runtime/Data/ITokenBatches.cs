using Jigsaw.Batches;

namespace Jigsaw.Data;

/// <summary>Batches by number: the same number always gives the same batch, so a resumed run needs no other position in the data.</summary>
public interface ITokenBatches
{
    /// <summary>The batch of a step.</summary>
    /// <param name="step">Counted from 0, without limit.</param>
    /// <returns>The batch, which the caller disposes.</returns>
    TokenBatch At(long step);

    /// <summary>The rows of a step's batch, as the data's owner finds them again, such as by number: for a message about that batch. Empty if they have no names.</summary>
    /// <param name="step">Counted from 0, without limit.</param>
    IReadOnlyList<string> RowsAt(long step) => [];

    /// <summary>Tokens of all rows, each counted once and without padding; null if that isn't known.</summary>
    long? TokensPerEpoch => null;

    /// <summary>
    /// What distinguishes these batches from others: their data, size, seed. A training run resumes only with batches of the same fingerprint. Null if there
    /// is none: then the caller has to make sure.
    /// </summary>
    string? Fingerprint => null;
}
