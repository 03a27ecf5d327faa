using Jigsaw.Tensors;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Jigsaw.Training.Optimizers;

/// <summary>Lion (arXiv 2302.06675): w ← w − η·(sign(β₁·m + (1 − β₁)·g) + λ·w), m ← β₂·m + (1 − β₂)·g.</summary>
internal sealed class Lion(IEnumerable<(Parameter[] Parameters, double Decay)> groups, double lr, double beta1, double beta2) : MomentumOptimizer(groups, lr)
{
    /// <inheritdoc/>
    public override string Numbers => OptimizerNumbers.Text(("beta1", beta1), ("beta2", beta2), ("weight decay", WeightDecay));

    private protected override void Update(Parameter parameter, Tensor gradient, Tensor momentum, double rate, double decay)
    {
        parameter.mul_(Scalars.Of(1 - (rate * decay)));
        using var direction = momentum.mul(Scalars.Of(beta1));
        direction.add_(gradient, Scalars.Of(1 - beta1)).sign_();
        parameter.add_(direction, Scalars.Of(-rate));
        momentum.mul_(Scalars.Of(beta2)).add_(gradient, Scalars.Of(1 - beta2));
    }
}
