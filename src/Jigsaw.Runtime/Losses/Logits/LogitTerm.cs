namespace Jigsaw.Losses.Logits;

/// <summary>
/// What a term on logits computes: a value for each row of a pass's logits, and that value's gradient. Weight, mask and cap are applied elsewhere.
/// </summary>
internal abstract class LogitTerm
{
    /// <summary>What it reads from the teacher's logits on clean embeddings.</summary>
    public abstract TeacherReads Reads { get; }

    /// <summary>True if its rows are the differences of the logits from the teacher's, not the logits themselves.</summary>
    public virtual bool ReadsDifferences => false;

    /// <summary>True if most of its gradient lies in a few columns, and each of its rows sums to 0, as <see cref="Filtering.ColumnFilter"/> requires.</summary>
    public virtual bool CanBeFiltered => false;

    /// <summary>True if it may produce a non-finite gradient for a row that does not count, whose logits may be zeros.</summary>
    public virtual bool MustBeMasked => false;

    /// <summary>Terms of one pass whose computations are equal share one.</summary>
    public virtual object Computation => GetType();

    /// <summary>Computes the values of a block of rows, and, if a gradient is requested, the gradients in place of the rows and the factor by which each is still to be multiplied.</summary>
    /// <param name="block">The rows.</param>
    public abstract void Compute(in LogitBlock block);
}
