using Jigsaw.Batches;
using Jigsaw.Losses.Pairs;

namespace Jigsaw.CompilerServices;

/// <content>The cosine.</content>
public sealed partial class PairLoss
{
    /// <summary>Adds mean_m cos(first, second), each norm at least 1e-8. Source: Stained Glass Engine docs, loss/jigsaw; the eps is our reading.</summary>
    /// <param name="mask">Tokens that count.</param>
    /// <exception cref="ArgumentException">The mask and the tensors differ in shape or device.</exception>
    public PairLoss CosineSimilarity(RowMask mask) => Add(mask, RowCosine.Reads, measures =>
    {
        var (cosine, slopes) = RowCosine.Of(measures);
        return new(cosine, slopes);
    });
}
