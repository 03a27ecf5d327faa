using static TorchSharp.torch;

namespace Jigsaw.Losses;

/// <summary>A masked mean of a value per token. Value and gradients are computed together, a block of rows at a time.</summary>
internal static class RowTerm
{
    /// <summary>What a term makes of a block of rows.</summary>
    /// <param name="rows">The rows of each input, shape (count, features). Those that are wanted are written over with the gradient; the others may be the input's own and are only read.</param>
    /// <param name="wanted">Whose gradients are asked for.</param>
    /// <param name="shares">What each row's gradient is multiplied by, shape (count, 1) or ().</param>
    /// <returns>A value for each row, shape (count, 1).</returns>
    internal delegate Tensor Block(Tensor[] rows, bool[] wanted, Tensor shares);

    /// <summary>The mean over the rows that count, differentiable with respect to the inputs that ask for it.</summary>
    /// <param name="mask">Tokens that count.</param>
    /// <param name="block">The term.</param>
    /// <param name="inputs">Tensors of one shape (batch, sequence, features).</param>
    internal static Tensor Mean(RowMask mask, Block block, params Tensor[] inputs)
    {
        KnownGradient.ThrowRefusal();
        using var scope = NewDisposeScope();
        bool[] wanted = [.. inputs.Select(input => is_grad_enabled() && input.requires_grad)];
        var buffers = new Tensor?[inputs.Length];
        Tensor mean;
        Tensor? index;
        using (no_grad())
        {
            var (features, device) = (inputs[0].shape[^1], inputs[0].device);
            var type = KernelArguments.AccumulationType(inputs);
            var rows = new CountedRows(mask, type);
            index = rows.Index;
            var all = inputs.Select(input => input.detach().reshape(-1, features)).ToArray();
            var denominator = rows.Denominator(device);
            var values = empty([rows.Count, 1], dtype: type, device: device);
            for (var i = 0; i < inputs.Length; i++)
            {
                // In the type of the reductions, so that a gradient is rounded once, when it has been scaled.
                buffers[i] = wanted[i] ? empty([rows.Count, features], dtype: type, device: device) : null;
            }

            foreach (var (start, count) in rows.Blocks(features, device))
            {
                using var here = NewDisposeScope();
                var kept = new Tensor[inputs.Length];
                for (var i = 0; i < inputs.Length; i++)
                {
                    var read = rows.Read(all[i], start, count);
                    kept[i] = buffers[i] is { } buffer ? buffer.narrow(0, start, count).copy_(read) : read;
                }

                values.narrow(0, start, count).copy_(block(kept, wanted, rows.Shares(start, count, denominator)));
            }

            mean = rows.Mean(values);
        }

        var parts = new List<KnownGradient.Part>();
        for (var i = 0; i < inputs.Length; i++)
        {
            if (buffers[i] is { } buffer)
            {
                parts.Add(new KnownGradient.Part(inputs[i], buffer.DetachFromDisposeScope(), 1, index));
            }
        }

        return KnownGradient.Attach(mean, parts).MoveToOuterDisposeScope();
    }
}
