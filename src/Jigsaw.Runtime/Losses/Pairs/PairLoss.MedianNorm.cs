using Jigsaw.Batches;
using Jigsaw.Losses.Pairs;
using Jigsaw.Tensors;

namespace Jigsaw.CompilerServices;

/// <content>The difference between a sum's norm and the median norm.</content>
public sealed partial class PairLoss
{
    /// <summary>Adds mean_m |‖first + second‖₂ − T|. Source: Stained Glass Engine docs, loss/jigsaw.</summary>
    /// <param name="medianNorm">T, the median L2 norm of the embedding table's rows.</param>
    /// <param name="mask">Tokens that count.</param>
    /// <exception cref="ArgumentException">The mask and the tensors differ in shape or device.</exception>
    public PairLoss MedianNorm(double medianNorm, RowMask mask) => Add(mask, [PairMeasure.NormOfSum], measures =>
    {
        var norms = measures[PairMeasure.NormOfSum];
        var excess = norms - Scalars.Of(medianNorm);
        var signs = excess.sign();
        var factor = (signs / norms).masked_fill_(norms.eq(Scalars.Of(0)), Scalars.Of(0));
        return new(excess * signs, [new(0, PairDirection.Together, factor), new(1, PairDirection.Together, factor)]);
    });
}
