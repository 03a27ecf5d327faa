using Jigsaw.Batches;
using Jigsaw.Losses.Logits;
using Jigsaw.Tensors;

namespace Jigsaw.CompilerServices;

/// <summary>Σ p_t·(lse − z); its gradient is exp(z − max) − Σ exp(z − max)·p_t, still to be divided by the row's sum.</summary>
internal sealed class CrossEntropyTerm : LogitTerm
{
    /// <inheritdoc/>
    public override TeacherReads Reads => TeacherReads.Targets;

    /// <inheritdoc/>
    public override bool CanBeFiltered => true;

    /// <inheritdoc/>
    public override void Compute(in LogitBlock block)
    {
        var rows = block.Rows;
        rows.sub_(rows.amax([1], keepdim: true));
        if (block.Labels is { } labels)
        {
            var target = rows.gather(1, labels);
            var sums = rows.exp_().sum(1, keepdim: true);
            block.Values.copy_(sums.log().sub_(target));
            if (block.WantsGradient)
            {
                rows.scatter_add_(1, labels, sums.neg());
                block.Scales.copy_(sums.reciprocal_());
            }
        }
        else
        {
            var (shares, shareSums) = (block.Shares, block.ShareSums);
            var product = RowProduct.Of(shares, rows, block.Workspace);
            var sums = rows.exp_().sum(1, keepdim: true);
            block.Values.copy_(sums.log().sub_(product.div_(shareSums)));
            if (block.WantsGradient)
            {
                rows.addcmul_(shares, sums / shareSums, Scalars.Of(-1));
                block.Scales.copy_(sums.reciprocal_());
            }
        }
    }
}

/// <content>The cross-entropy against the teacher.</content>
public sealed partial class LogitTerms
{
    /// <summary>Adds the masked cross-entropy of a pass against the teacher: mean_m of −Σ p_teacher · log softmax(z), with <paramref name="maxLoss"/> as maxLoss · sigmoid(scalingFactor · mean).</summary>
    /// <param name="pass">Whose logits.</param>
    /// <param name="weight">Weight with the sign of the term.</param>
    /// <param name="mask">Tokens that count.</param>
    /// <param name="maxLoss">The cap; null for none.</param>
    /// <param name="scalingFactor">How fast the cap is reached; ignored without one.</param>
    public void CrossEntropy(Pass pass, double weight, RowMask mask, double? maxLoss = null, double scalingFactor = 1) =>
        Add(new CrossEntropyTerm(), pass, weight, mask, maxLoss, scalingFactor);
}
