using Jigsaw.Batches;
using static TorchSharp.torch;

namespace Jigsaw.Evaluation.Attacks;

/// <summary>An attack under a name that says what it was fitted on.</summary>
internal sealed record NamedAttack(string Name, IInversionAttack Attack) : IInversionAttack
{
    public string Knowledge => Attack.Knowledge;

    public Tensor Recover(Tensor noisy, RowMask attentionMask, int candidates) => Attack.Recover(noisy, attentionMask, candidates);
}
