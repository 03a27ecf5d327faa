namespace Jigsaw.Losses.Logits;

/// <summary>
/// What a term on logits computes: a value for each row of a pass's logits, and that value's gradient. Weight, mask and cap are not its business.
/// </summary>
internal abstract class LogitTerm
{
    /// <summary>What it reads of the teacher's logits on clean embeddings.</summary>
    public abstract TeacherReads Reads { get; }

    /// <summary>True if its rows are the differences of the logits from the teacher's, not the logits themselves.</summary>
    public virtual bool ReadsDifferences => false;

    /// <summary>True if most of its gradient lies in a few columns, and each of its rows adds up to 0, as <see cref="Filtering.ColumnFilter"/> asks for.</summary>
    public virtual bool CanBeFiltered => false;

    /// <summary>True if it may give a row that does not count, whose logits may be zeros, a gradient that is not finite.</summary>
    public virtual bool MustBeMasked => false;

    /// <summary>Terms of one pass whose computations are equal share one.</summary>
    public virtual object Computation => GetType();

    /// <summary>Computes the values of a block of rows, and where a gradient is asked for, the gradients in place of the rows and what each is still to be multiplied by.</summary>
    /// <param name="block">The rows.</param>
    public abstract void Compute(in LogitBlock block);
}
