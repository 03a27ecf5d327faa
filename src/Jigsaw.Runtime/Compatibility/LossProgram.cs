using System.Diagnostics.CodeAnalysis;
using System.Collections.Concurrent;
using System.Reflection;
using Jigsaw.Batches;
using Jigsaw.CompilerServices;
using Jigsaw.Losses;
using Jigsaw.Losses.Logits;
using Jigsaw.Passes;
using Jigsaw.Planning;
using Jigsaw.Tensors;
using static TorchSharp.torch;

namespace Jigsaw.Compatibility;

/// <summary>
/// A recipe composed at run time: an interpreter of the plan that the generator writes as C#. It calls the same kernels in the same order, so both
/// give the same numbers bit for bit.
/// </summary>
internal sealed class LossProgram
{
    private static readonly ConcurrentDictionary<(Type Owner, string Kernel), MethodInfo> _kernels = [];

    private readonly RecipePlan _plan;

    /// <summary>Plans a recipe; terms of weight 0 are left out.</summary>
    internal LossProgram(RecipeModel recipe)
    {
        _plan = Planner.Plan(recipe);
        Keys = [.. _plan.Terms.SelectMany(term => term.Keys), ComponentLosses.CompositeKey];
        var plan = new LossPlan(
            recipe.DistillationLayer,
            recipe.Truncate,
            [.. _plan.Passes.Select(pass => new PassPlan(pass.Pass, pass.Gradient, pass.Logits, pass.Layer, [.. pass.ReadBy]) { WholeLogitsReadBy = [.. pass.WholeLogitsReadBy], WholeLayerReadBy = [.. pass.WholeLayerReadBy], PredictionsReadBy = [.. pass.PredictionsReadBy] })]);
        Plan = _plan.Terms.Where(term => term.HasEvery).Aggregate(plan, (whole, term) => whole.Every((int)Number(term, "Every"), [.. term.Keys]));
    }

    /// <summary>What a step runs.</summary>
    internal LossPlan Plan { get; }

    /// <summary>The components' keys.</summary>
    internal IReadOnlyList<string> Keys { get; }

    /// <summary>The terms, in the order of summation.</summary>
    internal IEnumerable<PlannedTerm> Terms => _plan.Terms;

    /// <summary>How the loop over the vocabulary runs; null for the defaults.</summary>
    internal VocabularyLoopOptions? Options { get; init; }

    /// <summary>The loss of one step.</summary>
    internal Tensor Compute(StepActivations step, RowMask lossMask, out ComponentLosses components)
    {
        Tensor? logits = null;
        var values = new Dictionary<string, Tensor>();
        foreach (var computation in _plan.Computations)
        {
            IEnumerable<Tensor> computed;
            if (computation.Kind == ComputationKind.Logits)
            {
                (logits, computed) = OnLogits(computation, step, lossMask);
            }
            else
            {
                computed = computation.Kind == ComputationKind.Pair
                    ? OnPair(computation, step, lossMask)
                    : All(Call(At(computation.First, step).OnEmbeddings(), computation.First, step, lossMask));
            }

            foreach (var (key, value) in computation.Terms.SelectMany(term => term.Keys).Zip(computed))
            {
                values.Add(key, value);
            }
        }

        var composite = _plan.Sums
            .Select(sum => Share(sum) is { } share ? Sum(sum, logits, values, step) * Scalars.Of(share) : Sum(sum, logits, values, step))
            .Aggregate((left, right) => left.Plus(right));
        components = new ComponentLosses(Keys, [.. Keys.SkipLast(1).Select(key => values[key]), composite]);
        return composite;
    }

    private (Tensor Loss, IEnumerable<Tensor> Values) OnLogits(PlannedComputation computation, StepActivations step, RowMask lossMask)
    {
        var head = step.OnLogits(_plan.Recipe.CeTarget, _plan.Recipe.Argument(nameof(LossRecipeAttribute.GradientFilter)).Value ?? 0);
        head.Options = Options ?? head.Options;
        foreach (var term in computation.Terms)
        {
            Call(term.HasEvery ? head.Every((int)Number(term, "Every")) : head, term, step, lossMask, term.Source!.Value, IsMinus(term) ? -Weight(term, step) : Weight(term, step));
        }

        var value = head.Run();
        return (value.Loss, value.Components.Select(component => component.Value));
    }

    private static IEnumerable<Tensor> OnPair(PlannedComputation computation, StepActivations step, RowMask lossMask)
    {
        var pair = computation.First.Term.Definition!.Pair is [var first, var second]
            ? At(computation.First, step).OnEmbeddings((Tensor)Read(step, first), (Tensor)Read(step, second))
            : At(computation.First, step).AtLayer(computation.First.Source!.Value);
        foreach (var term in computation.Terms)
        {
            Call(pair, term, step, lossMask);
        }

        return All(pair.Values());
    }

    private static Tensor Sum(PlannedSum sum, Tensor? logits, Dictionary<string, Tensor> values, StepActivations step)
    {
        Tensor? result = null;
        foreach (var term in sum.Terms)
        {
            if (term.Group == TermGroup.Logits)
            {
                result ??= logits;
                continue;
            }

            var (weight, value) = (Weight(term, step), values[term.Term.Key]);
            result = result is null ? value * Scalars.Of(IsMinus(term) ? -weight : weight) : IsMinus(term) ? result - (value * Scalars.Of(weight)) : result.Plus(value * Scalars.Of(weight));
        }

        return result!;
    }

    /// <summary>The factor of a sum; null without an alpha.</summary>
    private double? Share(PlannedSum sum) => sum.Kind switch { null => null, TermKind.Similarity => 1 - _plan.Recipe.Alpha, _ => _plan.Recipe.Alpha };

    private static bool IsMinus(PlannedTerm term) => term.Term.Pull == TermPull.Maximized;

    private static double Weight(PlannedTerm term, StepActivations step)
    {
        var weight = Number(term, "Weight");
        weight = term.IsGeometric ? step.GeometricRamp(weight, Number(term, "RampStart"), (int)Number(term, "RampStartFrom"), (int)Number(term, "RampFrom"), (int)Number(term, "RampSteps"))
            : term.IsRamped ? weight * step.Ramp(term.Ramp, (int)Number(term, "RampFrom"), (int)Number(term, "RampSteps"))
            : weight;
        return term.HasEvery ? weight * Number(term, "Every") : weight;
    }

    /// <summary>The step's activations, those of a step that leaves the term out where it is one.</summary>
    private static StepActivations At(PlannedTerm term, StepActivations step) => term.HasEvery ? step.Every((int)Number(term, "Every")) : step;

    private static double Number(PlannedTerm term, string name) => term.Term.Argument(name)!.Effective!.Value;

    private static object Read(StepActivations step, string name) => typeof(StepActivations).GetProperty(name)!.GetValue(step)!;

    private static IEnumerable<Tensor> All(object? value) => value is TermValues values ? Enumerable.Range(0, values.Count).Select(i => values[i].Value) : [((TermValue)value!).Value];

    /// <summary>Calls a term's kernel: the method of that name.</summary>
    [DynamicDependency(DynamicallyAccessedMemberTypes.PublicMethods, typeof(LogitTerms))]
    [DynamicDependency(DynamicallyAccessedMemberTypes.PublicMethods, typeof(PairLoss))]
    [DynamicDependency(DynamicallyAccessedMemberTypes.PublicMethods, typeof(EmbeddingTerms))]
    [UnconditionalSuppressMessage("Trimming", "IL2080", Justification = "The owners of kernels are the three classes above, whose public methods are kept.")]
    private static object? Call(object owner, PlannedTerm term, StepActivations step, RowMask lossMask, params IEnumerable<object> first)
    {
        var kernel = _kernels.GetOrAdd((owner.GetType(), term.Term.Definition!.Kernel), static key => key.Owner.GetMethod(key.Kernel)
            ?? throw new InvalidOperationException($"{key.Owner.Name} has no method '{key.Kernel}', which a term's definition names."));
        object?[] given = [.. first, .. term.Inputs.Select(input => Input(term, input, step, lossMask))];
        object?[] arguments = [.. given, .. kernel.GetParameters().Skip(given.Length).Select(parameter => parameter.DefaultValue)];
        return kernel.Invoke(owner, BindingFlags.DoNotWrapExceptions, null, arguments, null);
    }

    private static object Input(PlannedTerm term, PlannedInput input, StepActivations step, RowMask lossMask) => input.Kind switch
    {
        InputKind.Mask => Planner.Masks(term.Mask)
            .Select(mask => mask == TokenMask.Loss ? lossMask : step.MaskOf(mask))
            .Aggregate((left, right) => left & right),
        InputKind.Activation => Read(step, input.Name),
        InputKind.Structure => term.Term.Argument(input.Name)!.Effective is 1,
        _ when term.Term.Argument(input.Name)!.Kind == ArgumentKind.Int32 => (int)Number(term, input.Name),
        _ => Number(term, input.Name),
    };
}
