using Jigsaw.Losses;

namespace Jigsaw.Models;

/// <summary>A model that runs the passes a recipe asks for on a transformed batch: the base of teacher and student.</summary>
public abstract class NoisyModel
{
    private object? _binding;
    private LossPlan? _plan;
    private ForwardRecord? _record;

    private protected NoisyModel(CausalLM model)
    {
        ArgumentNullException.ThrowIfNull(model);
        Model = model;
    }

    /// <summary>The frozen base.</summary>
    public CausalLM Model { get; }

    internal long Forwards { get; private set; }

    private protected abstract IReadOnlyList<Pass> OwnPasses { get; }

    /// <summary>Runs the passes that the bound recipe's plan asks of this model.</summary>
    /// <param name="batch">What the transform made of this step's batch; teacher and student get the same one.</param>
    /// <exception cref="InvalidOperationException">No recipe is bound.</exception>
    public void Forward(TransformedBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        if (_plan is null)
        {
            throw new InvalidOperationException("No recipe is bound to this model, so there is no plan of what to run; call Bind(teacher, student) of the recipe first.");
        }

        Forget();
        var passes = new List<PassActivations>();
        foreach (var pass in OwnPasses)
        {
            if (_plan.Find(pass) is { } planned)
            {
                passes.Add(Run(planned, batch, _plan.DistillationLayer));
            }
        }

        passes.ForEach(pass => pass.Keep());
        _record = new ForwardRecord(batch, passes);
        Forwards++;
    }

    internal void Bind(LossPlan plan, object binding)
    {
        if (plan.DistillationLayer is { } layer && (layer < 0 || layer >= Model.LayerCount))
        {
            throw new ArgumentException($"DistillationLayer is {layer}, but the model has layers 0 to {Model.LayerCount - 1}; name one of these.", nameof(plan));
        }

        if (Model.TruncatedAfter is { } last)
        {
            if (plan.Passes.FirstOrDefault(pass => pass.Logits) is { } reader)
            {
                throw new ArgumentException($"The model is truncated after layer {last}, but the recipe reads the logits of {reader.Pass}; restore the model, or take the terms on logits out of the recipe.", nameof(plan));
            }

            if (plan.DistillationLayer > last)
            {
                throw new ArgumentException($"DistillationLayer is {plan.DistillationLayer}, but the model is truncated after layer {last}; name an earlier layer, or restore the model.", nameof(plan));
            }
        }

        _plan = plan;
        _binding = binding;
        Forget();
    }

    internal bool IsBoundTo(object binding) => ReferenceEquals(_binding, binding);

    /// <summary>What the last forward left; given away once.</summary>
    internal ForwardRecord? Taken(object binding)
    {
        if (!IsBoundTo(binding))
        {
            return null;
        }

        var record = _record;
        _record = null;
        return record;
    }

    private protected abstract PassActivations Run(PassPlan plan, TransformedBatch batch, int? distillationLayer);

    private protected void Forget()
    {
        _record?.Free();
        _record = null;
    }

    /// <summary>What one forward left. Its activations are held once: the loss frees them, or the next forward.</summary>
    internal sealed record ForwardRecord(TransformedBatch Batch, IReadOnlyList<PassActivations> Passes)
    {
        public void Free()
        {
            foreach (var pass in Passes)
            {
                pass.Free();
            }
        }
    }
}
