using Jigsaw.Batches;
using Jigsaw.Evaluation.Attacks;
using TorchSharp;

namespace Jigsaw.Samples.Tests;

/// <summary>An attack that answers in the wrong shape: one candidate, whatever it is asked for.</summary>
internal sealed class OneCandidateAttack : IInversionAttack
{
    public string Name => "one candidate";

    public string Knowledge => "nothing";

    public torch.Tensor Recover(torch.Tensor noisy, RowMask attentionMask, int candidates) =>
        torch.zeros(noisy.shape[0], noisy.shape[1], 1, dtype: torch.ScalarType.Int64);
}
