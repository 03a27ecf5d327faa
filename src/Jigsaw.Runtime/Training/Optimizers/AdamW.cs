using Jigsaw.Tensors;
using static TorchSharp.torch;

namespace Jigsaw.Training.Optimizers;

/// <summary>
/// AdamW as TorchSharp has it, number for number, but every scalar stays alive over the native call that reads it. It has the name of TorchSharp's, under which checkpoints know it.
/// </summary>
internal sealed class AdamW(IEnumerable<TorchSharp.Modules.AdamW.ParamGroup> groups, double lr, double beta1, double beta2)
    : TorchSharp.Modules.AdamW(groups, lr, beta1, beta2)
{
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
            state.step++;
            parameter.mul_(Scalars.Of(1 - (rate * options.weight_decay!.Value)));
            state.exp_avg.mul_(Scalars.Of(first)).add_(gradient, Scalars.Of(1 - first));
            state.exp_avg_sq.mul_(Scalars.Of(second)).addcmul_(gradient, gradient, Scalars.Of(1 - second));
            using var root = state.exp_avg_sq.sqrt();
            root.div_(Scalars.Of(Math.Sqrt(1 - Math.Pow(second, state.step)))).add_(Scalars.Of(options.eps!.Value), Scalars.One);
            parameter.addcdiv_(state.exp_avg, root, Scalars.Of(-(rate / (1 - Math.Pow(first, state.step)))));
        }
    }
}
