using Jigsaw.Batches;

namespace Jigsaw.Data;

/// <summary>Batches by number: the same number always gives the same batch, so a run that resumes needs no other place in the data.</summary>
public interface ITokenBatches
{
    /// <summary>The batch of a step.</summary>
    /// <param name="step">Counted from 0, without an end.</param>
    /// <returns>The batch, which the caller disposes.</returns>
    TokenBatch At(long step);

    /// <summary>
    /// What tells these batches from others: their data, size, seed. A training is resumed with batches of the same fingerprint alone. Null if there
    /// is none: then only the caller knows.
    /// </summary>
    string? Fingerprint => null;
}
