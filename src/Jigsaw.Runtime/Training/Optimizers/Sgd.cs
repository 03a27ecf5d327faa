using Jigsaw.Tensors;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Jigsaw.Training.Optimizers;

/// <summary>Stochastic gradient descent with momentum as PyTorch has it, without dampening: m ← β·m + g + λ·w, w ← w − η·m.</summary>
internal sealed class Sgd(IEnumerable<(Parameter[] Parameters, double Decay)> groups, double lr, double momentum) : MomentumOptimizer(groups, lr)
{
    private readonly double _momentum = momentum;

    /// <inheritdoc/>
    public override string Numbers => OptimizerNumbers.Text(("momentum", _momentum), ("weight decay", WeightDecay));

    private protected override void Update(Parameter parameter, Tensor gradient, Tensor momentum, double rate, double decay)
    {
        momentum.mul_(Scalars.Of(_momentum)).add_(gradient, Scalars.One).add_(parameter, Scalars.Of(decay));
        parameter.add_(momentum, Scalars.Of(-rate));
    }
}
