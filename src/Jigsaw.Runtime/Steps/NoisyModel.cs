using Jigsaw.Batches;
using Jigsaw.CompilerServices;
using Jigsaw.Models;
using Jigsaw.Models.Decoder;
using Jigsaw.Passes;
using static TorchSharp.torch;

namespace Jigsaw.Steps;

/// <summary>A model that runs the passes a recipe asks for on a transformed batch: the base of teacher and student.</summary>
public abstract class NoisyModel
{
    private object? _binding;
    private LossPlan? _plan;
    private Func<long> _step = () => 0;
    private ForwardRecord? _record;

    private protected NoisyModel(ICausalLM model)
    {
        ArgumentNullException.ThrowIfNull(model);
        Model = model;
    }

    /// <summary>The frozen base.</summary>
    public ICausalLM Model { get; }

    /// <summary>Which thread is using the model.</summary>
    internal ModelUse Use { get; } = new();

    internal long Forwards { get; private set; }

    private protected abstract IReadOnlyList<Pass> OwnPasses { get; }

    /// <summary>Runs the passes that the bound recipe's plan asks of this model at its step.</summary>
    /// <param name="batch">What the transform made of this step's batch; teacher and student get the same one.</param>
    /// <exception cref="InvalidOperationException">No recipe is bound, or another thread is using this model.</exception>
    /// <exception cref="ObjectDisposedException">The batch, the adapters or the model are disposed.</exception>
    public void Forward(TransformedBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        using var use = Use.Enter();
        RequireAlive(batch);
        if (_plan is null)
        {
            throw new InvalidOperationException("No recipe is bound to this model, so there is no plan of what to run; call Bind(teacher, student) of the recipe first.");
        }

        Forget();
        var step = _step();
        var plan = _plan.At(step);
        var passes = new List<PassActivations>();
        foreach (var pass in OwnPasses)
        {
            if (plan.Find(pass) is { } planned)
            {
                passes.Add(Run(planned, batch, plan.DistillationLayer));
            }
        }

        passes.ForEach(pass => pass.Keep());
        _record = new ForwardRecord(batch, passes, step);
        Forwards++;
    }

    internal void Bind(LossPlan plan, object binding, Func<long>? step = null)
    {
        if (plan.DistillationLayer is { } layer && (layer < 0 || layer >= Model.LayerCount))
        {
            throw new ArgumentException($"DistillationLayer is {layer}, but the model has layers 0 to {Model.LayerCount - 1}; name one of these.", nameof(plan));
        }

        if (Model.TruncatedAfter is { } last)
        {
            if (plan.Passes.FirstOrDefault(pass => pass.Logits) is { } reader)
            {
                throw new ArgumentException($"The model is truncated after layer {last}, but the recipe reads the logits of {reader.Pass}; restore the model, or remove the terms on logits from the recipe.", nameof(plan));
            }

            if (plan.DistillationLayer > last)
            {
                throw new ArgumentException($"DistillationLayer is {plan.DistillationLayer}, but the model is truncated after layer {last}; name an earlier layer, or restore the model.", nameof(plan));
            }
        }

        _plan = plan;
        _binding = binding;
        _step = step ?? (() => 0);
        Forget();
    }

    /// <summary>Refuses a batch, or adapters, that have been freed: torch would name neither.</summary>
    internal void RequireAlive(TransformedBatch batch)
    {
        if (batch.Clean.IsInvalid || batch.Noisy.IsInvalid || batch.AttentionMask.Value.IsInvalid || batch.InputIds.IsInvalid)
        {
            throw new ObjectDisposedException(nameof(TransformedBatch), "The transformed batch has been disposed, or the token batch that it was made of; keep both until the step is done.");
        }

        if (Model.EmbeddingTable.IsInvalid)
        {
            throw new ObjectDisposedException(Model.GetType().Name, "The model has been disposed; keep it as long as its teacher and student.");
        }

        if (PassAdapters is { } adapters && adapters.NamedParameters.Any(parameter => parameter.Value.IsInvalid))
        {
            throw new ObjectDisposedException(GetType().Name, "The student's adapters have been disposed, with the student or by their owner; keep them as long as it is used.");
        }
    }

    internal bool IsBoundTo(object binding) => ReferenceEquals(_binding, binding);

    /// <summary>The activations of the last forward; handed out once.</summary>
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

    /// <summary>The adapters that this model's passes run with; null for none.</summary>
    private protected abstract IAdapters? PassAdapters { get; }

    /// <summary>Runs one pass, with a graph if it needs a gradient.</summary>
    internal PassActivations Run(PassPlan plan, TransformedBatch batch, int? distillationLayer)
    {
        using var grad = set_grad_enabled(is_grad_enabled() && plan.Gradient != GradientFlow.None);
        return Left(plan, States(plan, batch, plan.Layer ? distillationLayer : null));
    }

    /// <summary>The hidden states that one pass leaves.</summary>
    private protected virtual HiddenStates States(PassPlan plan, TransformedBatch batch, int? layer) => Model.Run(Input(plan, batch), batch.AttentionMask, PassAdapters, layer, toEnd: plan.Logits);

    /// <summary>True if the backward pass of this model's passes is written out; otherwise they use autograd.</summary>
    internal bool CanRecord => Model is IRecordedModel recorded && recorded.CanRecord(PassAdapters);

    /// <summary>Runs one pass without a graph, and keeps what its backward pass needs.</summary>
    internal (RecordedRun Run, PassActivations Left) Record(PassPlan plan, TransformedBatch batch, int? distillationLayer, LayerRecords records, bool rematerialize)
    {
        var input = Input(plan, batch);
        var run = ((IRecordedModel)Model).Record(input, batch.AttentionMask, PassAdapters, plan.Layer ? distillationLayer : null, toEnd: plan.Logits, input.requires_grad, records, rematerialize);
        return (run, Left(plan, run.States));
    }

    /// <summary>The embeddings that a pass runs on.</summary>
    internal static Tensor Input(PassPlan plan, TransformedBatch batch) => plan.Pass is Pass.TeacherClean or Pass.StudentClean ? batch.Clean : batch.Noisy;

    private protected void Forget()
    {
        _record?.Free();
        _record = null;
    }

    private PassActivations Left(PassPlan plan, HiddenStates states) => new(plan.Pass, states.Last, states.Layer, plan.Logits ? Model.Head : null);

    /// <summary>The activations of one forward, which are owned once: the loss frees them, or the next forward.</summary>
    internal sealed record ForwardRecord(TransformedBatch Batch, IReadOnlyList<PassActivations> Passes, long Step)
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
