using static TorchSharp.torch;

namespace Jigsaw.Batches;

/// <summary>Checks token ids before an embedding table is indexed with them: torch names no place, and takes a negative id as one from the end.</summary>
internal static class TokenIds
{
    /// <summary>Refuses ids outside the vocabulary. On a device that computes apart from the host nothing is read, so nothing waits for it.</summary>
    /// <param name="ids">Shape (batch, sequence).</param>
    /// <param name="vocabulary">Rows of the embedding table.</param>
    /// <exception cref="ArgumentOutOfRangeException">An id is none of the vocabulary.</exception>
    public static void Require(Tensor ids, long vocabulary)
    {
        if (ids.device_type != TorchSharp.DeviceType.CPU || ids.dtype != ScalarType.Int64 || ids.dim() == 0)
        {
            return;
        }

        using var contiguous = ids.contiguous();
        var columns = ids.shape[^1];
        var at = 0L;
        foreach (var id in contiguous.data<long>())
        {
            Require(id, at++, columns, vocabulary);
        }
    }

    /// <summary>Refuses ids outside the vocabulary.</summary>
    /// <param name="ids">Ids in row-major order.</param>
    /// <param name="columns">Ids in a row.</param>
    /// <param name="vocabulary">Rows of the embedding table.</param>
    /// <exception cref="ArgumentOutOfRangeException">An id is none of the vocabulary.</exception>
    public static void Require(ReadOnlySpan<long> ids, long columns, long vocabulary)
    {
        for (var i = 0; i < ids.Length; i++)
        {
            Require(ids[i], i, columns, vocabulary);
        }
    }

    private static void Require(long id, long at, long columns, long vocabulary)
    {
        if (id < 0 || id >= vocabulary)
        {
            throw new ArgumentOutOfRangeException(nameof(id), $"The token id in row {at / columns} at position {at % columns} is {id}, but the vocabulary has the ids 0 to {vocabulary - 1}; use the tokenizer of this model.");
        }
    }
}
