using System.ComponentModel;
using Jigsaw.Batches;
using Jigsaw.Processes;
using Jigsaw.Tensors;
using static TorchSharp.torch;

namespace Jigsaw.CompilerServices;

/// <summary>How much the tokens of a step surprise the teacher's clean pass: s = −log p(token | the tokens before it). Beyond the original.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class TokenSurprisal
{
    private const double Floor = 0.2;

    // Beyond any distribution in float32: a logit of −∞ would make the mean infinite.
    private const double MostNats = 1000;

    private readonly StepActivations _step;

    internal TokenSurprisal(StepActivations step) => _step = step;

    /// <summary>
    /// 0.2 + 0.8·s / mean(s) of each token, the mean over the tokens of a mask that are predicted, so that the weights of these have the mean 1: shape (batch, sequence), a constant in at least float32. 1 for a
    /// token that nothing predicts or the mask leaves out, and for all if none of them is a surprise.
    /// </summary>
    /// <param name="mask">Tokens that count.</param>
    /// <exception cref="InvalidOperationException">The teacher's clean pass was not run to its logits.</exception>
    internal Tensor Weights(RowMask mask)
    {
        using var scope = NewDisposeScope();
        using var grad = no_grad();
        var predictions = _step.Predict(mask, seed: null);
        var surprisal = predictions.Surprisal.clamp(Scalars.Of(0), Scalars.Of(MostNats));
        var (sum, count) = (surprisal.sum(), predictions.IsPredicted.to(surprisal.dtype).sum());
        GroupTensors.Sum(mask.Step?.Group, sum, count);
        var mean = sum / count.clamp_min(Scalars.Of(1));
        var isCertain = mean.eq(Scalars.Of(0)).to(surprisal.dtype);
        return (surprisal.Plus(isCertain) / mean.Plus(isCertain)).mul_(Scalars.Of(1 - Floor)).add_(Scalars.Of(Floor), Scalars.One).masked_fill_(predictions.IsPredicted.eq(Scalars.Of(false)), Scalars.Of(1)).MoveToOuterDisposeScope();
    }
}
