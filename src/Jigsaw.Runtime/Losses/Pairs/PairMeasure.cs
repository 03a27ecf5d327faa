using Jigsaw.Tensors;
using static TorchSharp.torch;

namespace Jigsaw.Losses.Pairs;

/// <summary>A number for each row of a pair that terms are computed from, shared by all of them.</summary>
/// <param name="of">From the rows of both tensors, shape (count, features), to the numbers, shape (count, 1).</param>
internal sealed class PairMeasure(Func<Tensor, Tensor, Tensor> of)
{
    /// <summary>‖first‖.</summary>
    internal static readonly PairMeasure FirstNorm = new((first, _) => first.norm(1, keepdim: true));

    /// <summary>‖second‖.</summary>
    internal static readonly PairMeasure SecondNorm = new((_, second) => second.norm(1, keepdim: true));

    /// <summary>first · second.</summary>
    internal static readonly PairMeasure Product = new((first, second) => RowProduct.Of(first, second));

    /// <summary>‖first − second‖, from the difference itself: computed from norms and product it would cancel.</summary>
    internal static readonly PairMeasure Distance = new((first, second) => (first - second).norm(1, keepdim: true));

    /// <summary>‖first + second‖.</summary>
    internal static readonly PairMeasure NormOfSum = new((first, second) => first.Plus(second).norm(1, keepdim: true));

    /// <summary>The numbers of a block of rows.</summary>
    internal Tensor Of(Tensor first, Tensor second) => of(first, second);
}
