using Jigsaw.Batches;
using Jigsaw.Losses.Logits;
using Jigsaw.Tensors;

namespace Jigsaw.CompilerServices;

/// <summary>‖z − t‖ / max(‖t‖, 1e-8); its gradient is z − t, still to be divided by both norms.</summary>
internal sealed class NormalizedL2Term : LogitTerm
{
    private const double NormEps = 1e-8;

    /// <inheritdoc/>
    public override TeacherReads Reads => TeacherReads.Logits | TeacherReads.Norms;

    /// <inheritdoc/>
    public override bool ReadsDifferences => true;

    /// <inheritdoc/>
    public override void Compute(in LogitBlock block)
    {
        var norms = block.Rows.norm(1, keepdim: true);
        var target = block.TeacherNorms.clamp_min(Scalars.Of(NormEps));
        block.Values.copy_(norms / target);
        block.Scales.copy_(norms.mul(target).reciprocal_().masked_fill_(norms.eq(Scalars.Of(0)), Scalars.Of(0)));
    }
}

/// <content>The normalized L2 distance to the teacher's logits.</content>
public sealed partial class LogitTerms
{
    /// <summary>Adds the masked normalized L2 distance of a pass's raw logits to the teacher's: mean_m ‖z − t‖ / max(‖t‖, 1e-8).</summary>
    /// <param name="pass">Whose logits.</param>
    /// <param name="weight">Weight with the sign of the term.</param>
    /// <param name="mask">Tokens that count.</param>
    /// <param name="maxLoss">The cap; null for none.</param>
    /// <param name="scalingFactor">How fast the cap is reached; ignored without one.</param>
    public void NormalizedL2(Pass pass, double weight, RowMask mask, double? maxLoss = null, double scalingFactor = 1) =>
        Add(new NormalizedL2Term(), pass, weight, mask, maxLoss, scalingFactor);
}
