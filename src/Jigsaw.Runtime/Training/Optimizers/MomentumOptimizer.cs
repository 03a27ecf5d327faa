using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Jigsaw.Training.Optimizers;

/// <summary>An optimizer that keeps one momentum for each tensor, and whose scalars stay alive over the native calls that read them.</summary>
internal abstract class MomentumOptimizer : OptimizerHelper, IDescribedOptimizer
{
    private readonly Dictionary<ParamGroup, double> _decays = [];

    private protected MomentumOptimizer(IEnumerable<(Parameter[] Parameters, double Decay)> groups, double lr)
    {
        _parameter_groups = [];
        foreach (var (parameters, decay) in groups)
        {
            var added = new ParamGroup { Parameters = parameters, Options = new OptimizerOptions { LearningRate = lr, InitialLearningRate = lr } };
            _parameter_groups.Add(added);
            _decays.Add(added, decay);
            foreach (var parameter in parameters)
            {
                _state[parameter.Handle] = new MomentumState(parameter);
            }
        }
    }

    /// <inheritdoc/>
    public abstract string Numbers { get; }

    /// <summary>The decay of the groups that decay.</summary>
    private protected double WeightDecay => _decays.Values.DefaultIfEmpty().Max();

    /// <inheritdoc/>
    public override Tensor step(Func<Tensor>? closure = null) => _step<ParamGroup>(
        group =>
        {
            foreach (var parameter in group.Parameters)
            {
                using var gradient = parameter.grad;
                if (gradient is not null)
                {
                    Update(parameter, gradient, ((MomentumState)_state[parameter.Handle]).Momentum, group.LearningRate, _decays[group]);
                }
            }
        },
        closure);

    /// <summary>Updates a tensor and its momentum.</summary>
    private protected abstract void Update(Parameter parameter, Tensor gradient, Tensor momentum, double rate, double decay);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        foreach (var (_, state) in _state)
        {
            ((MomentumState)state).Dispose();
        }

        base.Dispose(disposing);
    }
}
