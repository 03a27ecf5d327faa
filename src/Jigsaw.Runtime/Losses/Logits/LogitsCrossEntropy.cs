using Jigsaw.Batches;
using Jigsaw.Losses.Gradients;
using Jigsaw.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Jigsaw.Losses.Logits;

/// <summary>
/// Cross-entropy of logits that are already materialized. Value and gradient are computed together, one block of rows at a time; only the
/// gradient is kept, of the size of the logits that count.
/// </summary>
internal static class LogitsCrossEntropy
{
    private const long BlockBytes = 4L << 20;

    /// <summary>What the targets are.</summary>
    internal enum Target
    {
        Labels,
        Probabilities,
        Logits,
        ArgmaxOfLogits,
    }

    /// <summary>mean_m of the cross-entropy per token.</summary>
    /// <param name="logits">Shape (batch, sequence, vocabulary).</param>
    /// <param name="targets">Labels of shape (batch, sequence), int64; otherwise (batch, sequence, vocabulary).</param>
    /// <param name="kind">What the targets are.</param>
    /// <param name="mask">Tokens that count.</param>
    internal static Tensor Compute(Tensor logits, Tensor targets, Target kind, RowMask mask)
    {
        KnownGradient.ThrowRefusal();
        using var scope = NewDisposeScope();
        var wanted = is_grad_enabled() && logits.requires_grad;
        Tensor mean;
        Tensor? gradient = null;
        using (no_grad())
        {
            var vocabulary = logits.shape[^1];
            var type = kind == Target.Labels ? KernelArguments.AccumulationType(logits) : KernelArguments.AccumulationType(logits, targets);
            var index = mask.Count == mask.Value.numel() ? null : mask.Rows;
            var counts = mask.IsPacked ? null : mask.Value.reshape(-1);
            var total = index?.shape[0] ?? mask.Value.numel();
            var rows = logits.detach().reshape(-1, vocabulary);
            var targetRows = kind == Target.Labels ? targets.detach().reshape(-1, 1) : targets.detach().reshape(-1, vocabulary);
            var weights = counts?.to(type);
            var denominator = weights is null ? full([], Scalars.Of(Math.Max(total, 1)), dtype: type, device: logits.device) : weights.sum().clamp_min(Scalars.Of(1));
            var values = empty([total], dtype: type, device: logits.device);
            gradient = wanted ? empty([total, vocabulary], dtype: logits.dtype, device: logits.device) : null;
            var size = Math.Max(BlockBytes / (vocabulary * type.ElementSize()), 16);
            for (long start = 0; start < total; start += size)
            {
                using var block = NewDisposeScope();
                var count = Math.Min(size, total - start);
                var row = Counted(rows, index, counts, start, count).to(type, copy: true);
                var target = Counted(targetRows, index, counts, start, count);
                row.sub_(row.amax([1], keepdim: true));
                if (kind == Target.Logits)
                {
                    target = target.to(type).softmax(1);
                }
                else if (kind == Target.ArgmaxOfLogits)
                {
                    target = target.max(1, keepdim: true).indexes;
                }

                Tensor mass;
                Tensor product;
                if (target.dtype == ScalarType.Int64)
                {
                    product = row.gather(1, target);
                    mass = ones_like(product);
                }
                else
                {
                    target = target.to(type);
                    product = RowProduct.Of(target, row);
                    mass = kind == Target.Logits ? ones_like(product) : target.sum(1, keepdim: true);
                }

                var sums = row.exp_().sum(1, keepdim: true);
                values.narrow(0, start, count).copy_((mass * sums.log() - product).squeeze(1));
                if (gradient is null)
                {
                    continue;
                }

                if (target.dtype == ScalarType.Int64)
                {
                    row.scatter_add_(1, target, sums.neg());
                }
                else
                {
                    row.mul_(mass).addcmul_(target, sums, Scalars.Of(-1));
                }

                var scale = sums.mul_(denominator).reciprocal_();
                if (weights is not null)
                {
                    scale.mul_(weights.narrow(0, start, count).unsqueeze(1));
                }

                gradient.narrow(0, start, count).copy_(row.mul_(scale));
            }

            mean = weights is null ? values.sum() / denominator : (values * weights).sum() / denominator;
        }

        var result = KnownGradient.Attach(mean, gradient is null ? [] : [new KnownGradient.Part(logits, gradient.DetachFromDisposeScope(), 1, mask.Count == mask.Value.numel() ? null : mask.Rows)]);
        return result.MoveToOuterDisposeScope();
    }

    private static Tensor Counted(Tensor rows, Tensor? index, Tensor? counts, long start, long count)
    {
        if (index is not null)
        {
            return PackedRows.Gather(rows, index.narrow(0, start, count));
        }

        var block = rows.narrow(0, start, count);
        return counts is null ? block : block.masked_fill(counts.narrow(0, start, count).eq(Scalars.Of(false)).unsqueeze(1), Scalars.Of(0));
    }
}
