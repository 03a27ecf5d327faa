using Jigsaw.Batches;
using Jigsaw.Data;
using static TorchSharp.torch;

namespace Jigsaw.Runtime.Tests.Training;

/// <summary>Batches of seven, five and two rows of different lengths, which no number of processes divides evenly.</summary>
internal sealed class UnevenBatches(string fingerprint = "uneven") : ITokenBatches
{
    private const int Length = 8;
    private static readonly int[] _rows = [7, 5, 2];

    public string Fingerprint => fingerprint;

    public TokenBatch At(long step)
    {
        var random = new Random((int)step);
        var rows = _rows[step % _rows.Length];
        var lengths = Enumerable.Range(0, rows).Select(_ => random.Next(4, Length + 1)).ToArray();
        var ids = Enumerable.Range(0, rows * Length).Select(_ => (long)random.Next(3, 40)).ToArray();
        bool[] Mask(Func<int, int, bool> counts) => [.. Enumerable.Range(0, rows * Length).Select(i => i % Length < lengths[i / Length] && counts(i / Length, i % Length))];
        return new TokenBatch(
            ids,
            Mask((_, _) => true),
            Mask((row, at) => at > 1 && at < lengths[row] - 1),
            Mask((row, at) => at < 2 + (row % 3)),
            rows,
            Length,
            CPU,
            inReply: Mask((row, at) => (row + at) % 3 == 0));
    }
}
