using Jigsaw.Batches;

namespace Jigsaw.Transforms;

/// <summary>The real tokens of one row of a batch, without its padding.</summary>
/// <param name="Positions">Where they stand in the row, ascending.</param>
/// <param name="Ids">Their ids.</param>
/// <param name="Noised">Which of them the transform changes.</param>
internal sealed record ConversationTokens(long[] Positions, long[] Ids, bool[] Noised)
{
    /// <summary>How many there are.</summary>
    public int Count => Ids.Length;

    /// <summary>Those of a row.</summary>
    public static ConversationTokens Of(TokenBatch batch, int row)
    {
        var (positions, ids, noised) = (new List<long>(), new List<long>(), new List<bool>());
        for (var position = 0; position < batch.SequenceLength; position++)
        {
            var at = (row * batch.SequenceLength) + position;
            if (batch.AttentionMask.Host[at])
            {
                positions.Add(position);
                ids.Add(batch.HostIds.Span[at]);
                noised.Add(batch.NoiseMask.Host[at]);
            }
            else if (batch.NoiseMask.Host[at])
            {
                throw new ArgumentException($"Token {position} of row {row} is to be noised, but the attention mask calls it padding; give a noise mask within the attention mask.", nameof(batch));
            }
        }

        return new ConversationTokens([.. positions], [.. ids], [.. noised]);
    }
}
