using Jigsaw.Batches;
using Jigsaw.Losses.Pairs;

namespace Jigsaw.CompilerServices;

/// <content>The absolute value of the cosine.</content>
public sealed partial class PairLoss
{
    /// <summary>Adds mean_m |cos(first, second)|, each norm at least 1e-8. Source: Stained Glass Engine docs, loss/jigsaw; the eps is our reading.</summary>
    /// <param name="mask">Tokens that count.</param>
    /// <exception cref="ArgumentException">The mask and the tensors differ in shape or device.</exception>
    public PairLoss AbsoluteCosineSimilarity(RowMask mask) => Add(mask, RowCosine.Reads, measures =>
    {
        // libtorch has no abs on META; the sign is 0 at 0.
        var (cosine, slopes) = RowCosine.Of(measures);
        var signs = cosine.sign();
        return new(cosine * signs, [.. slopes.Select(slope => slope with { Factor = slope.Factor * signs })]);
    });
}
