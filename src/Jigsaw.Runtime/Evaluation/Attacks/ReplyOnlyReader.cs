using Jigsaw.Tensors;
using static TorchSharp.torch;

namespace Jigsaw.Evaluation.Attacks;

/// <summary>A floor: what is read of a prompt without x̃, from its length, the plain tokens around it and the reply. Draws prompts from the language model, and takes the one that makes what follows likeliest.</summary>
/// <param name="prior">The base model.</param>
/// <param name="samples">Prompts that are drawn.</param>
internal sealed class ReplyOnlyReader(LanguagePrior prior, int samples)
{
    /// <summary>Reads a row.</summary>
    /// <param name="row">The row's tokens, without padding; only those that were not transformed are read.</param>
    /// <param name="noise">Which of them were transformed, at least one.</param>
    /// <param name="seed">Seed of the draws.</param>
    /// <param name="cancellation">Stops between two tokens.</param>
    /// <returns>The row as it is read: by the prior alone (the first prompt drawn), and with the reply.</returns>
    public (long[] Prior, long[] Reply) Read(long[] row, bool[] noise, long seed, CancellationToken cancellation)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        using var generator = new Generator((ulong)seed, CPU);
        var (start, end) = (Array.IndexOf(noise, true), Array.LastIndexOf(noise, true) + 1);
        using var texts = prior.Grow(row[..start], samples, end);
        int[] same = [.. Enumerable.Range(0, samples)];
        for (var t = start; t < end; t++)
        {
            cancellation.ThrowIfCancellationRequested();
            using var tokenScope = NewDisposeScope();
            texts.Advance(same, noise[t] ? texts.Next.exp().cpu().multinomial(1, generator: generator).data<long>().ToArray() : [.. same.Select(_ => row[t])]);
        }

        var whole = stack([.. texts.Texts.Select(text => prior.Ids([.. text, .. row[end..]]))]);
        var best = prior.Of(whole, end).argmax(-1).ReadInt64();
        return (Host(whole[0]), Host(whole[best]));
    }

    private static long[] Host(Tensor ids) => ids.cpu().contiguous().data<long>().ToArray();
}
