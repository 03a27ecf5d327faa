using Jigsaw.Batches;
using Jigsaw.Losses.Logits;
using Jigsaw.Tensors;

namespace Jigsaw.CompilerServices;

/// <summary>1 − cos(z, t), each norm at least 1e-8.</summary>
internal sealed class CosineDistanceTerm : LogitTerm
{
    private const double NormEps = 1e-8;

    /// <inheritdoc/>
    public override TeacherReads Reads => TeacherReads.Logits | TeacherReads.Norms;

    /// <inheritdoc/>
    public override void Compute(in LogitBlock block)
    {
        var (rows, targets) = (block.Rows, block.TeacherLogits);
        var norms = rows.norm(1, keepdim: true);
        var clamped = norms.clamp_min(Scalars.Of(NormEps));
        var product = clamped * block.TeacherNorms.clamp_min(Scalars.Of(NormEps));
        var cosine = RowProduct.Of(targets, rows, block.Workspace).div_(product);
        block.Values.copy_(cosine.SubtractedFrom(Scalars.Of(1)));
        block.Scales.fill_(Scalars.Of(1));
        if (block.WantsGradient)
        {
            var along = (cosine / (clamped * norms)).masked_fill_(norms.lt(Scalars.Of(NormEps)), Scalars.Of(0));
            rows.mul_(along).addcmul_(targets, product.reciprocal_(), Scalars.Of(-1));
        }
    }
}

/// <content>The cosine distance to the teacher's logits.</content>
public sealed partial class LogitTerms
{
    /// <summary>Adds the masked cosine distance of a pass's raw logits to the teacher's: mean_m (1 − cos).</summary>
    /// <param name="pass">Whose logits.</param>
    /// <param name="weight">Weight with the sign of the term.</param>
    /// <param name="mask">Tokens that count.</param>
    public void CosineDistance(Pass pass, double weight, RowMask mask) =>
        Add(new CosineDistanceTerm(), pass, weight, mask, null, 1);
}
