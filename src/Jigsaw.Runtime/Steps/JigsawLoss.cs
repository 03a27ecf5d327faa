using Jigsaw.Batches;
using Jigsaw.CompilerServices;
using Jigsaw.Losses;
using Jigsaw.Losses.Filtering;
using Jigsaw.Losses.Hyperparameters;
using Jigsaw.Passes;
using static TorchSharp.torch;

namespace Jigsaw.Steps;

/// <summary>
/// A recipe bound to a teacher and a student. Deconstructs into three closures, as in the original API: the loss of the step whose
/// forwards have just been run, its components, and the hyperparameters. Each may be called at most once after a forward of both
/// models, the components only after the loss.
/// </summary>
/// <typeparam name="TComponents">The recipe's components.</typeparam>
/// <typeparam name="THyperparameters">The recipe's hyperparameters.</typeparam>
public sealed class JigsawLoss<TComponents, THyperparameters> : BoundLoss
    where TComponents : ComponentLosses
    where THyperparameters : RecipeHyperparameters
{
    private readonly LossComputation<TComponents> _compute;
    private readonly object _binding = new();
    private TComponents? _components;
    private (long Teacher, long Student) _lossOf;
    private (long Teacher, long Student) _componentsOf;
    private (long Teacher, long Student) _hyperparametersOf;

    /// <summary>Binds a computation to a pair of models, which run the passes of its plan from now on.</summary>
    /// <exception cref="ArgumentException">Teacher and student have different bases, the student has no adapters, the plan's layer is not in the model, or the plan reads logits of a truncated model.</exception>
    public JigsawLoss(NoisyTeacher teacher, NoisyStudent student, LossPlan plan, THyperparameters hyperparameters, LossComputation<TComponents> compute)
        : base(teacher, student, plan)
    {
        ArgumentNullException.ThrowIfNull(teacher);
        ArgumentNullException.ThrowIfNull(student);
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(hyperparameters);
        ArgumentNullException.ThrowIfNull(compute);
        if (!ReferenceEquals(teacher.Model, student.Model))
        {
            throw new ArgumentException("Teacher and student have different base models; make both from one model.", nameof(student));
        }

        if (!student.Adapters.NamedParameters.Any())
        {
            throw new ArgumentException("The student has no adapters, so it can't learn; give NoisyStudent a LoraConfig whose target modules are in the model.", nameof(student));
        }

        _compute = compute;
        Hyperparameters = hyperparameters;
        teacher.Bind(plan, _binding, () => Step);
        student.Bind(plan, _binding, () => Step);
        _lossOf = _componentsOf = _hyperparametersOf = Forwards;
    }

    /// <summary>Binds a computation that is given the numbers.</summary>
    /// <exception cref="ArgumentException">As for the other constructor.</exception>
    public JigsawLoss(NoisyTeacher teacher, NoisyStudent student, LossPlan plan, THyperparameters hyperparameters, RecipeComputation<TComponents, THyperparameters> compute)
        : this(teacher, student, plan, hyperparameters, (StepActivations step, RowMask lossMask, out TComponents components) => compute(step, lossMask, hyperparameters, out components))
    {
    }

    /// <summary>The numbers that the recipe was bound with.</summary>
    public override THyperparameters Hyperparameters { get; }

    private (long Teacher, long Student) Forwards => (Teacher.Forwards, Student.Forwards);

    /// <summary>The three closures of the original API.</summary>
    public void Deconstruct(out Func<RowMask, Tensor> loss, out Func<TComponents> components, out Func<THyperparameters> hyperparameters)
    {
        loss = Loss;
        components = Components;
        hyperparameters = ReadHyperparameters;
    }

    /// <summary>The loss of the step whose forwards have just been run.</summary>
    /// <param name="lossMask">Positions whose logits predict a token that counts, shape (batch, sequence).</param>
    /// <exception cref="ArgumentException">The mask's shape is not the batch's.</exception>
    /// <exception cref="InvalidOperationException">The models have not both been run since the last call, saw different batches, or a batch without a noise mask.</exception>
    public Tensor Loss(RowMask lossMask)
    {
        ArgumentNullException.ThrowIfNull(lossMask);
        using var teacherUse = Teacher.Use.Enter();
        using var studentUse = Student.Use.Enter();
        RequireForwards(_lossOf, "loss");
        var (teacher, student) = (Teacher.Taken(_binding), Student.Taken(_binding));
        try
        {
            return Loss(lossMask, teacher, student);
        }
        finally
        {
            teacher?.Free();
            student?.Free();
        }
    }

    /// <inheritdoc/>
    public override TComponents RunStep(TransformedBatch batch, RowMask lossMask, double scale = 1) => Run(batch, lossMask, scale, part: null);

    /// <inheritdoc/>
    internal override TComponents RunPart(TransformedBatch batch, RowMask lossMask, StepPart part) => Run(batch, lossMask, scale: 1, part);

    private TComponents Run(TransformedBatch batch, RowMask lossMask, double scale, StepPart? part)
    {
        ArgumentNullException.ThrowIfNull(batch);
        ArgumentNullException.ThrowIfNull(lossMask);
        if (!double.IsFinite(scale))
        {
            throw new ArgumentException($"scale is {scale}; give a finite factor.", nameof(scale));
        }

        using var teacherUse = Teacher.Use.Enter();
        using var studentUse = Student.Use.Enter();
        RequireBound();
        Teacher.RequireAlive(batch);
        Student.RequireAlive(batch);
        RequireMasks(batch, lossMask);
        if (Rematerialize && !Student.CanRecord)
        {
            throw new InvalidOperationException($"Rematerialize runs layers again, which a {Student.Model.GetType().Name} with {Student.Adapters.GetType().Name} can't, since it uses autograd; set Rematerialize to false.");
        }

        if (Rematerialize && Student.Adapters.IsRandom)
        {
            throw new InvalidOperationException("A layer that is run again would draw another dropout of the adapters; set Rematerialize to false, or use adapters without dropout.");
        }

        var measurement = NewMeasurement();
        return new PassByPass<TComponents>(Teacher, Student, Plan.At(Step), _compute) { Step = Step, Skipped = Plan.SkippedAt(Step), Scale = scale, Rematerialize = Rematerialize, Measurement = measurement, Services = NewServices(measurement), Part = part }.Run(batch, lossMask);
    }

    /// <summary>The raw value of each term of the last loss, detached.</summary>
    /// <exception cref="InvalidOperationException">Called twice after one forward, or before the loss.</exception>
    public TComponents Components()
    {
        RequireForwards(_componentsOf, "components");
        if (_lossOf != Forwards || _components is null)
        {
            throw new InvalidOperationException("The components are known once the loss has been computed; call loss(lossMask) first.");
        }

        _componentsOf = Forwards;
        var components = _components;
        _components = null;
        return components;
    }

    private Tensor Loss(RowMask lossMask, NoisyModel.ForwardRecord? teacher, NoisyModel.ForwardRecord? student)
    {
        if (teacher is null || student is null)
        {
            throw new InvalidOperationException("The activations of the last forward were freed by a loss that failed; run teacher.Forward(noisy) and student.Forward(noisy) again.");
        }

        if (!ReferenceEquals(teacher.Batch, student.Batch))
        {
            throw new InvalidOperationException("Teacher and student saw different batches; give both the batch that transform.Apply returned for this step.");
        }

        foreach (var ran in (ReadOnlySpan<long>)[teacher.Step, student.Step])
        {
            if (!Plan.SkippedAt(ran).SequenceEqual(Plan.SkippedAt(Step)))
            {
                throw new InvalidOperationException($"The forwards ran at step {ran}, but the loss is of step {Step}, which reads other passes; set Step before the forwards of a step.");
            }
        }

        var batch = teacher.Batch;
        RequireMasks(batch, lossMask);
        _lossOf = Forwards;
        _components = null;
        var measurement = NewMeasurement();
        var loss = _compute(new StepActivations(batch, teacher.Passes.Concat(student.Passes)) { Step = Step, Services = NewServices(measurement) }, lossMask, out _components);
        _components.GradientError = measurement?.Relative();
        _components.Skipped = Plan.SkippedAt(Step);
        return loss;
    }

    private GradientErrorMeasurement? NewMeasurement() => MeasureGradientError ? new GradientErrorMeasurement() : null;

    private THyperparameters ReadHyperparameters()
    {
        RequireForwards(_hyperparametersOf, "hyperparameters");
        _hyperparametersOf = Forwards;
        return Hyperparameters;
    }

    private static void RequireMasks(TransformedBatch batch, RowMask lossMask)
    {
        if (batch.NoiseMask is null)
        {
            throw new InvalidOperationException("The transformed batch has no noise mask, so the terms can't tell which tokens were transformed; make the batch with transform.Apply, or set NoiseMask.");
        }

        if (!lossMask.Value.shape.AsSpan().SequenceEqual(batch.InputIds.shape))
        {
            throw new ArgumentException($"The loss mask has the shape ({string.Join(", ", lossMask.Value.shape)}), the batch ({string.Join(", ", batch.InputIds.shape)}).", nameof(lossMask));
        }
    }

    private void RequireBound()
    {
        if (!Teacher.IsBoundTo(_binding) || !Student.IsBoundTo(_binding))
        {
            throw new InvalidOperationException("These models have since been bound to another recipe; bind this one again, or use separate models for each recipe.");
        }
    }

    private void RequireForwards((long Teacher, long Student) last, string closure)
    {
        RequireBound();
        var now = Forwards;
        if (now.Teacher == last.Teacher || now.Student == last.Student)
        {
            throw new InvalidOperationException(
                $"{closure} may be called once after a forward of both models; run teacher.Forward(noisy) and student.Forward(noisy) before it is called again.");
        }
    }
}
