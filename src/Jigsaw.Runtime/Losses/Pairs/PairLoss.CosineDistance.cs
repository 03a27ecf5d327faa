using Jigsaw.Batches;
using Jigsaw.Losses.Pairs;
using Jigsaw.Tensors;

namespace Jigsaw.CompilerServices;

/// <content>The cosine distance.</content>
public sealed partial class PairLoss
{
    /// <summary>Adds mean_m (1 − cos(first, second)), each norm at least 1e-8; the second is a constant. Source: Stained Glass Engine docs, loss/jigsaw; the eps is our reading.</summary>
    /// <param name="mask">Tokens that count.</param>
    /// <exception cref="ArgumentException">The mask and the tensors differ in shape or device.</exception>
    public PairLoss CosineDistance(RowMask mask) => Add(mask, RowCosine.Reads, measures =>
    {
        var (cosine, slopes) = RowCosine.Of(measures);
        return new(cosine.SubtractedFrom(Scalars.Of(1)), [.. slopes.Where(slope => slope.Input == 0).Select(slope => slope with { Factor = -slope.Factor })]);
    });
}
