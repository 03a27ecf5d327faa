using Jigsaw.Batches;
using Jigsaw.Data;
using static TorchSharp.torch;

namespace Jigsaw.Runtime.Tests.Training;

/// <summary>Batches of random tokens: the same number gives the same batch, and they repeat after a given number of different ones.</summary>
internal sealed class RandomBatches(int vocabulary, int different = int.MaxValue, int rows = 4, int length = 7, Device? device = null) : ITokenBatches
{
    public TokenBatch At(long step)
    {
        var random = new Random((int)(step % different));
        var ids = Enumerable.Range(0, rows * length).Select(_ => (long)random.Next(3, vocabulary)).ToArray();
        var attention = Enumerable.Repeat(true, ids.Length).ToArray();
        var loss = Enumerable.Range(0, ids.Length).Select(i => i % length is > 2 and var t && t < length - 1).ToArray();
        var noise = Enumerable.Range(0, ids.Length).Select(i => i % length < 4).ToArray();
        return new TokenBatch(ids, attention, loss, noise, rows, length, device ?? CPU);
    }
}
