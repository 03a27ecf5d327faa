using static TorchSharp.torch;

namespace Jigsaw.Losses.Logits;

/// <summary>Accumulates the gradient with respect to a source's hidden states, one chunk's product at a time.</summary>
/// <param name="rows">The loop's rows.</param>
/// <param name="table">The head in the type of the products.</param>
internal abstract class HiddenGradient(LoopRows rows, Tensor table)
{
    /// <summary>The loop's rows.</summary>
    protected LoopRows Rows => rows;

    /// <summary>Adds a chunk.</summary>
    /// <param name="gradients">For each computation the gradient with respect to the logits, shape (count, vocabulary); overwritten.</param>
    /// <param name="from">The first row, relative to the source's first.</param>
    public abstract void Add(IReadOnlyList<Tensor> gradients, int from);

    /// <summary>The whole gradient in the loop's unit, shape (rows, hidden); the caps are known now.</summary>
    public abstract Tensor Finish();

    /// <summary>Writes the product of a chunk's gradient and the head.</summary>
    protected void Multiply(Tensor hidden, Tensor gradient, int from)
    {
        var count = (int)gradient.shape[0];
        if (rows.Narrow != rows.Wide)
        {
            gradient = rows.Take(rows.Workspaces.Narrow, count, rows.Narrow).copy_(gradient);
        }

        hidden.narrow(0, from, count).addmm_(gradient, table, beta: 0, alpha: 1);
    }
}
