using Jigsaw.Batches;
using Jigsaw.Losses.Pairs;
using Jigsaw.Tensors;

namespace Jigsaw.CompilerServices;

/// <content>The power law of the distance.</content>
public sealed partial class PairLoss
{
    /// <summary>Adds mean_m (ℓ / (‖second − first‖₂ + 1e-6))^p. Source: Stained Glass Engine docs, loss/jigsaw; the eps is our reading.</summary>
    /// <param name="characteristicLength">ℓ.</param>
    /// <param name="exponentOfDecay">p, positive.</param>
    /// <param name="mask">Tokens that count.</param>
    /// <exception cref="ArgumentException">The mask and the tensors differ in shape or device.</exception>
    public PairLoss InverseL2PowerLaw(double characteristicLength, double exponentOfDecay, RowMask mask) => Add(mask, [PairMeasure.Distance], measures =>
    {
        const double Eps = 1e-6;
        var distance = measures[PairMeasure.Distance];
        var lengths = distance.Plus(Scalars.Of(Eps));
        var values = (lengths.reciprocal().mul(Scalars.Of(characteristicLength))).pow(Scalars.Of(exponentOfDecay));
        var factor = (values / lengths).div_(distance).mul_(Scalars.Of(-exponentOfDecay)).masked_fill_(distance.eq(Scalars.Of(0)), Scalars.Of(0));
        return new(values, [new(0, PairDirection.Apart, factor), new(1, PairDirection.Apart, factor)]);
    });
}
