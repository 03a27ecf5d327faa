using static TorchSharp.torch;

namespace Jigsaw.Losses.Logits;

/// <summary>A value for each row of logits, as a user wrote it: its gradient is autograd's, of a block of rows at a time.</summary>
internal sealed class LogitFunction
{
    private readonly string _key;
    private readonly Func<Tensor, Tensor?, Tensor> _values;

    internal LogitFunction(string key, Func<Tensor, Tensor> values)
    {
        _key = key;
        _values = (rows, _) => values(rows);
    }

    internal LogitFunction(string key, Func<Tensor, Tensor, Tensor> values)
    {
        _key = key;
        _values = (rows, teacher) => values(rows, teacher!);
        ReadsTeacher = true;
    }

    /// <summary>Whether it is given the teacher's rows.</summary>
    internal bool ReadsTeacher { get; }

    /// <summary>Computes the values of a block, and in place of its logits the gradient of each row's value.</summary>
    /// <param name="logits">Shape (rows, vocabulary); written over where a gradient is asked for.</param>
    /// <param name="teacher">The teacher's, of the same shape; null where it is not read.</param>
    /// <param name="values">Where the values go, shape (rows, 1).</param>
    /// <param name="wantsGradient">Whether the gradient is asked for.</param>
    internal void Run(Tensor logits, Tensor? teacher, Tensor values, bool wantsGradient)
    {
        using var scope = NewDisposeScope();
        if (!wantsGradient)
        {
            values.copy_(Checked(_values(logits, teacher), logits).unsqueeze(1));
            return;
        }

        var leaf = logits.detach().requires_grad_();
        using (enable_grad())
        {
            var result = Checked(_values(leaf, teacher), logits);
            if (result.requires_grad)
            {
                // Named, so that nothing else that the method reads gets a gradient; an error in autograd.grad would end the process.
                result.backward([ones_like(result)], inputs: [leaf]);
            }

            values.copy_(result.detach().unsqueeze(1));
        }

        if (leaf.grad is { } gradient)
        {
            logits.copy_(gradient);
        }
        else
        {
            logits.zero_();
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
