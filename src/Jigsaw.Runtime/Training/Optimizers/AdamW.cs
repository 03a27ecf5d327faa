using Jigsaw.Tensors;
using static TorchSharp.torch;

namespace Jigsaw.Training.Optimizers;

/// <summary>
/// AdamW as TorchSharp has it, number for number, but every scalar stays alive over the native call that reads it. It has the name of TorchSharp's, under which checkpoints know it.
/// </summary>
internal sealed class AdamW(IEnumerable<TorchSharp.Modules.AdamW.ParamGroup> groups, double lr, double beta1, double beta2)
    : TorchSharp.Modules.AdamW(groups, lr, beta1, beta2), IDescribedOptimizer
{
    /// <inheritdoc/>
    public string Numbers { get; } = OptimizerNumbers.Text(("beta1", beta1), ("beta2", beta2), ("weight decay", groups.Select(group => ((Options)group.Options).weight_decay ?? 0).DefaultIfEmpty().Max()));

    /// <inheritdoc/>
    public override Tensor step(Func<Tensor>? closure = null) => _step<ParamGroup>(Update, closure);

    private void Update(ParamGroup group)
    {
        var options = (Options)group.Options;
        var (rate, first, second) = (options.LearningRate!.Value, options.beta1!.Value, options.beta2!.Value);
        foreach (var parameter in group.Parameters)
        {
            using var gradient = parameter.grad;
            if (gradient is null)
            {
                continue;
            }

            var state = (State)_state[parameter.Handle];
            Move(parameter, gradient, state.exp_avg, state.exp_avg_sq, ++state.step, rate, options.weight_decay!.Value, first, second, options.eps!.Value);
        }
    }

    /// <summary>One step of a tensor: m ← β₁·m + (1 − β₁)·g, v ← β₂·v + (1 − β₂)·g², w ← (1 − η·λ)·w − η·m̂ / (√v̂ + ε), m̂ and v̂ without the moments' bias toward zero.</summary>
    /// <param name="parameter">w.</param>
    /// <param name="gradient">g.</param>
    /// <param name="mean">m.</param>
    /// <param name="square">v.</param>
    /// <param name="step">Which step of the tensor, counted from 1.</param>
    /// <param name="rate">η.</param>
    /// <param name="decay">λ.</param>
    /// <param name="beta1">β₁.</param>
    /// <param name="beta2">β₂.</param>
    /// <param name="epsilon">ε.</param>
    internal static void Move(Tensor parameter, Tensor gradient, Tensor mean, Tensor square, long step, double rate, double decay, double beta1, double beta2, double epsilon)
    {
        parameter.mul_(Scalars.Of(1 - (rate * decay)));
        mean.mul_(Scalars.Of(beta1)).add_(gradient, Scalars.Of(1 - beta1));
        square.mul_(Scalars.Of(beta2)).addcmul_(gradient, gradient, Scalars.Of(1 - beta2));
        using var root = square.sqrt();
        root.div_(Scalars.Of(Math.Sqrt(1 - Math.Pow(beta2, step)))).add_(Scalars.Of(epsilon), Scalars.One);
        parameter.addcdiv_(mean, root, Scalars.Of(-(rate / (1 - Math.Pow(beta1, step)))));
    }
}
