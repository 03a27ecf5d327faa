using Jigsaw.Batches;
using static TorchSharp.torch;

namespace Jigsaw.Evaluation;

/// <summary>The rows of a mask, of values of shape (batch, sequence, …).</summary>
internal static class MaskedRows
{
    /// <summary>Numbers of the rows that the mask counts, in order, int64.</summary>
    public static Tensor Of(RowMask mask) => mask.Rows ?? mask.Value.flatten().nonzero().squeeze(-1);

    /// <summary>Those rows of the values, shape (rows, …).</summary>
    public static Tensor Pick(Tensor values, Tensor rows) => values.flatten(0, 1).index_select(0, rows);
}
