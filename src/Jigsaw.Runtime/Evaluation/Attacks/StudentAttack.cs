using Jigsaw.Batches;
using Jigsaw.Models;
using Jigsaw.Models.Decoder;
using Jigsaw.Tensors;
using static TorchSharp.torch;

namespace Jigsaw.Evaluation.Attacks;

/// <summary>
/// The server as the attacker (level K2): it owns the adapted model, which reads x̃ as if it were the prompt, and takes its next-token distribution behind x̃ before a token as a
/// reading of that token.
/// </summary>
/// <param name="model">The base.</param>
/// <param name="adapters">The student's adapters.</param>
internal sealed class StudentAttack(ICausalLM model, IAdapters adapters) : IInversionAttack
{
    public string Name => "student as reader";

    public string Knowledge => "the adapted model";

    public Tensor Recover(Tensor noisy, RowMask attentionMask, int candidates)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var hidden = model.Run(noisy, attentionMask, adapters).Last!;
        var next = model.Head.Logits(hidden).topk(candidates, -1).indexes;

        // Nothing stands before the first token.
        var first = arange(Scalars.Of(0), Scalars.Of(candidates), Scalars.One, dtype: ScalarType.Int64, device: next.device).expand(next.shape[0], 1, candidates);
        return cat([first, next.narrow(1, 0, next.shape[1] - 1)], 1).MoveToOuterDisposeScope();
    }
}
