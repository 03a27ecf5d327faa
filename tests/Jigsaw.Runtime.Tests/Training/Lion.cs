using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Jigsaw.Runtime.Tests.Training;

/// <summary>An optimizer that TorchSharp doesn't have: the sign of a momentum (arXiv 2302.06675), which it creates when a tensor first has a gradient.</summary>
internal sealed class Lion : OptimizerHelper
{
    private const double Beta1 = 0.9;
    private const double Beta2 = 0.99;

    public Lion(IEnumerable<Parameter> parameters)
    {
        var group = new ParamGroup { Parameters = parameters.ToArray(), Options = new OptimizerOptions { LearningRate = 0 } };
        _parameter_groups = [group];
        foreach (var parameter in group.Parameters)
        {
            _state[parameter.Handle] = new Momentum(parameter);
        }
    }

    public override Tensor step(Func<Tensor>? closure = null) => _step<ParamGroup>(
        group =>
        {
            foreach (var parameter in group.Parameters)
            {
                if (parameter.grad is not { } gradient)
                {
                    continue;
                }

                var state = (Momentum)_state[parameter.Handle];
                state.Steps++;
                state.Mean ??= zeros_like(parameter).DetachFromDisposeScope();

                // Every other step is taken at half the rate, so a miscounted step shows.
                var rate = group.LearningRate / (1 + (state.Steps % 2));
                parameter.add_(((state.Mean * Beta1) + (gradient * (1 - Beta1))).sign_(), alpha: -rate);
                state.Mean.mul_(Beta2).add_(gradient, alpha: 1 - Beta2);
            }
        },
        closure);

    protected override void Dispose(bool disposing)
    {
        foreach (var (_, state) in _state)
        {
            ((Momentum)state).Mean?.Dispose();
        }

        base.Dispose(disposing);
    }

    private sealed class Momentum(Parameter parameter) : OptimizerState(parameter)
    {
        public Tensor? Mean { get; set; }

        public int Steps { get; set; }

        public override void SaveStateDict(BinaryWriter writer) => throw new NotSupportedException();

        public override void LoadStateDict(BinaryReader reader) => throw new NotSupportedException();

        public override void LoadStateDict(OptimizerState source) => throw new NotSupportedException();

        public override void Initialize(OptimizerOptions options)
        {
        }
    }
}
