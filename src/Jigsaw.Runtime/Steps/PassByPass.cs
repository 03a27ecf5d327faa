using Jigsaw.Batches;
using Jigsaw.CompilerServices;
using Jigsaw.Diagnostics;
using Jigsaw.Losses;
using Jigsaw.Losses.Filtering;
using Jigsaw.Losses.Logits;
using Jigsaw.Models.Decoder;
using Jigsaw.Passes;
using Jigsaw.Tensors;
using static TorchSharp.torch;

namespace Jigsaw.Steps;

/// <summary>
/// One step, pass by pass. Each pass sees leaves in place of the transform's graph, whose gradients accumulate; they are propagated through the transform once,
/// at the end.
/// </summary>
internal sealed class PassByPass<TComponents>(NoisyTeacher teacher, NoisyStudent student, LossPlan plan, LossComputation<TComponents> compute)
    where TComponents : ComponentLosses
{
    public required long Step { get; init; }

    /// <summary>The components that the step leaves out; the plan is the step's.</summary>
    public IReadOnlyCollection<string> Skipped { get; init; } = [];

    public required double Scale { get; init; }

    public required bool Rematerialize { get; init; }

    /// <summary>What is computed of a step in micro-batches; null computes all of a step.</summary>
    public StepPart? Part { get; init; }

    public GradientErrorMeasurement? Measurement { get; init; }

    /// <summary>What kernels keep beyond a stage.</summary>
    public IReadOnlyList<object> Services { get; init; } = [];

    public TComponents Run(TransformedBatch batch, RowMask lossMask)
    {
        using var scope = NewDisposeScope();
        using var targets = plan.Stages.Count(stage => stage.Any(pass => pass.Logits)) > 1 ? new TeacherTargets(Rematerialize ? 0 : TeacherTargets.StepBytes) : null;
        var cut = new StepLeaves(batch);
        var leaves = cut.Batch;
        var target = Part?.Target is { } kept ? kept : Part?.IsOfEmbeddings == true ? [] : Target(leaves);
        Part?.Keep(target);
        TComponents? sum = null;
        try
        {
            // A recipe on embeddings only has one stage without passes.
            var stages = plan.Stages.Count == 0 || Part?.IsOfEmbeddings == true ? [[]] : plan.Stages;
            for (var i = 0; i < stages.Count; i++)
            {
                if (targets is not null)
                {
                    targets.Keeps = stages.Skip(i + 1).Any(stage => stage.Any(pass => pass.Logits));
                }

                var components = RunStage(stages[i], i == stages.Count - 1 && Part?.IsOfEmbeddings != false, leaves, target, lossMask, targets);
                if (sum is not null)
                {
                    components.Add(sum);
                    sum.Dispose();
                }

                sum = components;
            }

            cut.Send();
            sum!.GradientError = Measurement?.Relative();
            sum.Skipped = Skipped;
            return sum;
        }
        catch
        {
            sum?.Dispose();
            throw;
        }
    }

    private PassActivations[] Target(TransformedBatch leaves)
    {
        using var phase = StepPhases.Begin("forward", Pass.TeacherClean);
        return plan.Find(Pass.TeacherClean) is { } clean ? [teacher.Run(clean, leaves, plan.DistillationLayer)] : [];
    }

    private TComponents RunStage(IReadOnlyList<PassPlan> passes, bool isLast, TransformedBatch leaves, PassActivations[] target, RowMask lossMask, TeacherTargets? targets)
    {
        using var scope = NewDisposeScope();
        var runs = new List<(RecordedRun Run, Tensor Input)>();
        try
        {
            var left = new List<PassActivations>(target);
            foreach (var pass in passes)
            {
                using var phase = StepPhases.Begin("forward", pass.Pass);
                var model = pass.Pass == Pass.TeacherNoisy ? (NoisyModel)teacher : student;
                if (!is_grad_enabled() || !model.CanRecord)
                {
                    // With a graph, if gradients are on: the loss's backward pass then reaches the leaves.
                    left.Add(model.Run(pass, leaves, plan.DistillationLayer));
                    continue;
                }

                var (run, states) = model.Record(pass, leaves, plan.DistillationLayer, student.Records, Rematerialize);
                runs.Add((run, NoisyModel.Input(pass, leaves)));
                left.Add(states);
            }

            var stage = new StepStage([.. passes.Select(pass => pass.Pass)], isLast);
            IReadOnlyList<object> services = targets is null ? Services : [.. Services, targets];
            TComponents components;
            using (StepPhases.Begin("loss"))
            {
                var loss = compute(new StepActivations(leaves, left) { Step = Step, Stage = stage, Services = services }, lossMask, out components);
                if (loss.requires_grad)
                {
                    loss.backward([full_like(loss, Scalars.Of(Scale))]);
                }
            }

            for (var i = 0; i < runs.Count; i++)
            {
                var (run, input) = runs[i];
                using var phase = StepPhases.Begin("backward", passes[i].Pass);
                if (run.Back() is { } gradient)
                {
                    Add(input, gradient);
                }
            }

            return components;
        }
        finally
        {
            runs.ForEach(run => run.Run.Dispose());
        }
    }

    private static void Add(Tensor leaf, Tensor gradient)
    {
        using var grad = no_grad();
        if (leaf.grad is { } sum)
        {
            sum.add_(gradient, Scalars.One);
        }
        else
        {
            leaf.grad = gradient.to(leaf.dtype);
        }
    }
}
