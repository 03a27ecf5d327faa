using static TorchSharp.torch;

namespace Jigsaw.Tensors;

/// <summary>
/// Some rows of causal attention with the columns that they see. What all rows of a long sequence see of all columns grows with the square of its length; block by block it is never there at once, and columns
/// that no row of a block sees cost nothing.
/// </summary>
/// <param name="Row">The first row.</param>
/// <param name="Rows">How many rows.</param>
/// <param name="Column">The first column.</param>
/// <param name="Columns">How many columns.</param>
internal readonly record struct AttentionBlock(long Row, long Rows, long Column, long Columns)
{
    /// <summary>Columns beyond which attention goes block by block.</summary>
    public const int From = 1024;

    private const int MostRows = 256;

    /// <summary>True for attention that goes block by block.</summary>
    /// <param name="rows">Its rows.</param>
    /// <param name="columns">Its columns.</param>
    public static bool IsLong(long rows, long columns) => columns > From && rows > MostRows;

    /// <summary>The blocks of the last rows of a sequence.</summary>
    /// <param name="rows">How many rows.</param>
    /// <param name="columns">How many columns; the last row sees the last one.</param>
    /// <param name="window">Columns that a row sees, itself included; null for all before it.</param>
    public static IEnumerable<AttentionBlock> Of(long rows, long columns, int? window)
    {
        for (var row = 0L; row < rows; row += MostRows)
        {
            var count = Math.Min(MostRows, rows - row);
            var position = columns - rows + row;
            var first = window is { } width ? Math.Max(0, position - width + 1) : 0;
            yield return new AttentionBlock(row, count, first, position + count - first);
        }
    }

    /// <summary>The rows of a tensor of shape (batch, heads, rows, size).</summary>
    public Tensor RowsOf(Tensor tensor) => tensor.narrow(2, Row, Rows);

    /// <summary>The columns of a tensor of shape (batch, heads, columns, size).</summary>
    public Tensor ColumnsOf(Tensor tensor) => tensor.narrow(2, Column, Columns);

    /// <summary>The bias of the block, 0 where a row sees a column and −∞ where it doesn't; every token sees itself, including padding: shape (batch, 1, rows, columns).</summary>
    /// <param name="mask">Real tokens, shape (batch, all columns), bool.</param>
    /// <param name="window">Columns that a row sees, itself included; null for all before it.</param>
    /// <param name="dtype">The type of the scores.</param>
    public Tensor Bias(Tensor mask, int? window, ScalarType dtype)
    {
        using var scope = NewDisposeScope();
        var last = Column + Columns;
        var columns = arange(Scalars.Of(Column), Scalars.Of(last), Scalars.One, dtype: ScalarType.Int64, device: mask.device).unsqueeze(0);
        var rows = columns.narrow(1, Columns - Rows, Rows).transpose(0, 1);
        var visible = columns.le(rows).bitwise_and(mask.narrow(1, Column, Columns).unsqueeze(1)).bitwise_or(columns.eq(rows));
        visible = window is { } width ? visible.bitwise_and(columns.gt(rows - Scalars.Of(width))) : visible;
        return ScaledDotProduct.Bias(visible.unsqueeze(1), dtype).MoveToOuterDisposeScope();
    }
}
