using Jigsaw.Batches;
using Jigsaw.Losses;
using Jigsaw.Losses.Filtering;
using Jigsaw.Losses.Hyperparameters;
using Jigsaw.Losses.Logits;
using Jigsaw.Passes;

namespace Jigsaw.Steps;

/// <summary>A recipe bound to a teacher and a student, independent of its component and hyperparameter types: what a training loop needs.</summary>
public abstract class BoundLoss
{
    private const string FilterName = "gradient_filter";

    private readonly FilterCalibrations _calibrations = new();

    private protected BoundLoss(NoisyTeacher teacher, NoisyStudent student, LossPlan plan)
    {
        Teacher = teacher;
        Student = student;
        Plan = plan;
    }

    /// <summary>The teacher that the recipe is bound to.</summary>
    public NoisyTeacher Teacher { get; }

    /// <summary>The student that the recipe is bound to.</summary>
    public NoisyStudent Student { get; }

    /// <summary>What a step of the recipe runs.</summary>
    public LossPlan Plan { get; }

    /// <summary>The numbers that the recipe was bound with.</summary>
    public abstract RecipeHyperparameters Hyperparameters { get; }

    /// <summary>
    /// The training step, from 0, which ramped weights and terms with an <c>Every</c> depend on. The training loop sets it before the forwards and the loss of each step, and puts it into its checkpoints;
    /// a recipe without either never reads it.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">It is negative.</exception>
    public long Step
    {
        get;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            field = value;
        }
    }

    /// <summary>
    /// True if <see cref="RunStep"/> keeps only the input of each decoder layer, and runs the layer again in its backward pass: exact, for one more
    /// forward of each pass with a gradient, and little memory per token of a long sequence.
    /// </summary>
    public bool Rematerialize { get; set; }

    /// <summary>
    /// True if the error of the recipe's gradient filter is measured: the loss computes the exact gradients too, which takes the time that the filter
    /// saves and more, and the components report the error. Without a filter it has no effect.
    /// </summary>
    public bool MeasureGradientError { get; set; }

    /// <summary>Bytes that each workspace of the loop over the vocabulary may take: a chunk has as many rows as fit, from 128 to 1024. Null for 48 MiB on the CPU and 192 MiB on other devices, where small chunks cost time.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is not positive.</exception>
    public long? WorkspaceBytes
    {
        get;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(value ?? 1, nameof(value));
            field = value;
        }
    }

    /// <summary>
    /// Runs a whole step: the passes of the plan one after another, each with its forward, its part of the loss and its backward, and freed
    /// before the next begins. It produces the same gradients as <c>loss(lossMask).backward()</c> after both models' forwards, up to
    /// rounding, in a fraction of the memory; they are added to the existing ones. With gradients off only the components are computed.
    /// After an exception the gradients hold part of a step: clear them.
    /// </summary>
    /// <param name="batch">What the transform made of this step's batch.</param>
    /// <param name="lossMask">Positions whose logits predict a token that counts, shape (batch, sequence).</param>
    /// <param name="scale">The factor of the gradients, such as 1/k for the mean over k batches.</param>
    /// <returns>The raw value of each term, detached, and the composite loss before <paramref name="scale"/>.</returns>
    /// <exception cref="ArgumentException">The mask's shape is not the batch's, or the scale is not finite.</exception>
    /// <exception cref="InvalidOperationException">The models have been bound to another recipe since, or layers are to be rematerialized whose adapters have dropout or whose model can't.</exception>
    public abstract ComponentLosses RunStep(TransformedBatch batch, RowMask lossMask, double scale = 1);

    /// <summary>
    /// Runs a whole step some rows at a time, with the values and gradients that <see cref="RunStep(TransformedBatch, RowMask, double)"/> has for all of them, up to rounding: each mean is over the
    /// tokens of the whole step, and terms on the transform's outputs are computed once for all rows. The transform is not run again. A capped term on a pass costs one more forward of each pass.
    /// </summary>
    /// <param name="batch">What the transform made of this step's batch.</param>
    /// <param name="lossMask">Positions whose logits predict a token that counts, shape (batch, sequence).</param>
    /// <param name="microBatch">Rows that the models run on together, at least 1.</param>
    /// <returns>The raw value of each term over all rows, detached, and the composite loss.</returns>
    /// <exception cref="ArgumentException">The recipe can't be split into micro-batches: <see cref="MicroBatchProblem"/> says why.</exception>
    /// <exception cref="InvalidOperationException">A mask of the batch was made from a tensor, so its tokens aren't counted on the host; or a capped term runs the passes twice, and the adapters have dropout.</exception>
    public ComponentLosses RunStepInParts(TransformedBatch batch, RowMask lossMask, int microBatch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        ArgumentNullException.ThrowIfNull(lossMask);
        ArgumentOutOfRangeException.ThrowIfLessThan(microBatch, 1);
        if (batch.InputIds.shape[0] <= microBatch && batch.NoiseMask?.Step is null)
        {
            return RunStep(batch, lossMask);
        }

        return MicroBatchProblem is { } problem ? throw new ArgumentException(problem, nameof(microBatch)) : new AccumulatedStep(this, batch, lossMask).Run(microBatch);
    }

    /// <summary>
    /// Why a step of the recipe can't be run in micro-batches, as a sentence with the term's name and the remedy; null if it can. All built-in terms can. A custom term can read the transform's outputs, masks, ids and
    /// the teacher's clean pass, which are there for all rows, or rows of logits; not whole tensors of another pass, since only some rows of it are there at a time. A gradient filter learns from whole steps.
    /// </summary>
    public string? MicroBatchProblem
    {
        get
        {
            if (Plan.Inseparable().FirstOrDefault() is (var key, var passes) && key is not null)
            {
                return $"The custom term '{key}' reads whole tensors of {string.Join(" and ", passes)}, of which micro-batches have some rows at a time; let it take rows of logits ({passes[0]}LogitRows) or the transform's outputs, or leave the micro-batches out.";
            }

            return Hyperparameters.ToDictionary().GetValueOrDefault(FilterName) is double and > 0
                ? "GradientFilter learns from the tokens of a whole step, of which micro-batches have some at a time; remove it from the recipe, or leave the micro-batches out."
                : null;
        }
    }

    /// <summary>Frees the buffers that steps keep for the next one, for example after training. Disposing the student frees them too.</summary>
    public void ReleaseMemory() => Student.ReleaseMemory();

    /// <summary>Runs a part of a step in micro-batches.</summary>
    /// <param name="batch">The rows of the part.</param>
    /// <param name="lossMask">Their loss mask.</param>
    /// <param name="part">What is computed of these rows.</param>
    internal abstract ComponentLosses RunPart(TransformedBatch batch, RowMask lossMask, StepPart part);

    /// <summary>What the bound loss has learned in the steps so far, by name; a checkpoint holds it.</summary>
    internal IReadOnlyDictionary<string, double> SaveState() => _calibrations.Save();

    /// <summary>Restores what <see cref="SaveState"/> returned.</summary>
    /// <param name="state">Values by name.</param>
    /// <exception cref="FormatException">A name or a number is not one that <see cref="SaveState"/> returns.</exception>
    internal void RestoreState(IReadOnlyDictionary<string, double> state) => _calibrations.Restore(state);

    /// <summary>What the kernels of a step keep beyond it, each looked up by type.</summary>
    /// <param name="measurement">Takes the error of the gradient filter; null if it is not measured.</param>
    private protected IReadOnlyList<object> NewServices(GradientErrorMeasurement? measurement)
    {
        List<object> services = [Student.Workspaces, _calibrations, new VocabularyLoopOptions { WorkspaceBytes = WorkspaceBytes }];
        if (measurement is not null)
        {
            services.Add(measurement);
        }

        return services;
    }
}
