using Jigsaw.Batches;
using Jigsaw.Losses.Logits;
using Jigsaw.Tensors;
using static TorchSharp.torch;

namespace Jigsaw.CompilerServices;

/// <summary>A custom term on rows of logits: autograd computes its gradient, one block of rows at a time. It shares its computation with no other term.</summary>
internal sealed class LogitFunctionTerm : LogitTerm
{
    private readonly string _key;
    private readonly Func<Tensor, Tensor?, Tensor> _values;

    internal LogitFunctionTerm(string key, Func<Tensor, Tensor> values)
    {
        _key = key;
        _values = (rows, _) => values(rows);
    }

    internal LogitFunctionTerm(string key, Func<Tensor, Tensor, Tensor> values)
    {
        _key = key;
        _values = (rows, teacher) => values(rows, teacher!);
        Reads = TeacherReads.Logits;
    }

    /// <inheritdoc/>
    public override TeacherReads Reads { get; }

    /// <inheritdoc/>
    public override bool MustBeMasked => true;

    /// <inheritdoc/>
    public override object Computation => this;

    /// <inheritdoc/>
    public override void Compute(in LogitBlock block)
    {
        var (rows, teacher) = (block.Rows, Reads == TeacherReads.None ? null : block.TeacherLogits);
        block.Scales.fill_(Scalars.Of(1));
        if (!block.WantsGradient)
        {
            block.Values.copy_(Checked(_values(rows, teacher), rows).unsqueeze(1));
            return;
        }

        var leaf = rows.detach().requires_grad_();
        using (enable_grad())
        {
            var result = Checked(_values(leaf, teacher), rows);
            if (result.requires_grad)
            {
                // Named explicitly, so nothing else that the method reads gets a gradient; an error in autograd.grad would end the process.
                result.backward([ones_like(result)], inputs: [leaf]);
            }

            block.Values.copy_(result.detach().unsqueeze(1));
        }

        if (leaf.grad is { } gradient)
        {
            rows.copy_(gradient);
        }
        else
        {
            rows.zero_();
        }
    }

    private Tensor Checked(Tensor? values, Tensor logits)
    {
        var rows = logits.shape[0];
        if (values is null || values.IsInvalid)
        {
            throw new InvalidOperationException($"The term '{_key}' returned {(values is null ? "null" : "a tensor that has been disposed")} for {rows} rows of logits; return one value for each row, shape ({rows}).");
        }

        if (!values.shape.AsSpan().SequenceEqual([rows]))
        {
            throw new InvalidOperationException($"The term '{_key}' returned the shape ({string.Join(", ", values.shape)}) for {rows} rows of logits; return one value for each row, shape ({rows}).");
        }

        if (!values.is_floating_point() || values.device_type != logits.device_type)
        {
            throw new InvalidOperationException($"The term '{_key}' returned {values.dtype} on {values.device} for logits of {logits.dtype} on {logits.device}; return values of a floating dtype there.");
        }

        return values;
    }
}

/// <content>Custom terms on rows of logits.</content>
public sealed partial class LogitTerms
{
    /// <summary>
    /// Adds the masked mean of a custom term that reads a pass's logits by rows. It is called several times, each time on some of the tokens
    /// in no particular order, and autograd computes its gradient with respect to them; whatever else it reads gets none.
    /// </summary>
    /// <param name="key">The term's component key, for messages.</param>
    /// <param name="pass">Whose logits.</param>
    /// <param name="weight">Weight with the sign of the term.</param>
    /// <param name="mask">Tokens that count; the method's values for others are not read.</param>
    /// <param name="values">From raw logits, shape (rows, vocabulary), at least float32 and read-only, to one value per row, shape (rows).</param>
    /// <remarks><see cref="Run"/> throws what the method throws, and an <see cref="InvalidOperationException"/> for a wrong shape, dtype or device.</remarks>
    public void OfRows(string key, Pass pass, double weight, RowMask mask, Func<Tensor, Tensor> values)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(values);
        Add(new LogitFunctionTerm(key, values), pass, weight, mask, null, 1);
    }

    /// <summary>The same for a term that also reads the teacher's raw logits on clean embeddings, its second argument: a constant.</summary>
    /// <inheritdoc cref="OfRows(string, Pass, double, RowMask, Func{Tensor, Tensor})"/>
    public void OfRows(string key, Pass pass, double weight, RowMask mask, Func<Tensor, Tensor, Tensor> values)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(values);
        Add(new LogitFunctionTerm(key, values), pass, weight, mask, null, 1);
    }
}
