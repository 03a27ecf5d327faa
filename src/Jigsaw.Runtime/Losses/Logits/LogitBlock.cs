using static TorchSharp.torch;

namespace Jigsaw.Losses.Logits;

/// <summary>Some rows of a pass's logits, few enough to stay in the cache, and what a term computes from them.</summary>
/// <param name="rows">Raw logits, or their differences from the teacher's for a term that reads those, shape (rows, vocabulary), at least float32; overwritten by the gradient.</param>
/// <param name="values">Where the value of each row goes, shape (rows, 1).</param>
/// <param name="scales">Where the factor by which each row's gradient is still to be multiplied goes, shape (rows, 1).</param>
/// <param name="wantsGradient">True if a gradient is requested; otherwise the contents of rows and scales are undefined afterward.</param>
/// <param name="workspace">Memory of the rows' shape for a product; null on a device that needs none.</param>
/// <param name="teacher">The teacher's chunk that the rows belong to.</param>
/// <param name="from">The first row's position in that chunk.</param>
internal readonly struct LogitBlock(Tensor rows, Tensor values, Tensor scales, bool wantsGradient, Tensor? workspace, TeacherChunk teacher, int from)
{
    /// <summary>Raw logits or differences, shape (rows, vocabulary).</summary>
    public Tensor Rows { get; } = rows;

    /// <summary>Where the values go, shape (rows, 1).</summary>
    public Tensor Values { get; } = values;

    /// <summary>Where the gradients' factors go, shape (rows, 1).</summary>
    public Tensor Scales { get; } = scales;

    /// <summary>True if a gradient is requested.</summary>
    public bool WantsGradient { get; } = wantsGradient;

    /// <summary>Memory of the rows' shape; null where a product needs none.</summary>
    public Tensor? Workspace { get; } = workspace;

    /// <summary>The teacher's raw logits, a constant of the rows' shape.</summary>
    public Tensor TeacherLogits => Of(teacher.Logits)!;

    /// <summary>Their L2 norms, shape (rows, 1).</summary>
    public Tensor TeacherNorms => Of(teacher.Norms)!;

    /// <summary>Hard targets, shape (rows, 1), int64; null where targets are soft.</summary>
    public Tensor? Labels => Of(teacher.Labels);

    /// <summary>Soft targets times their sums, of the rows' shape.</summary>
    public Tensor Shares => Of(teacher.Shares)!;

    /// <summary>The sums of the shares, shape (rows, 1).</summary>
    public Tensor ShareSums => Of(teacher.Sums)!;

    private Tensor? Of(Tensor? whole) => whole?.narrow(0, from, Rows.shape[0]);
}
