using System.ComponentModel;
using Jigsaw.Batches;
using Jigsaw.Losses.Filtering;
using Jigsaw.Losses.Logits;
using Jigsaw.Passes;

namespace Jigsaw.CompilerServices;

/// <summary>
/// All terms on the logits of one step, computed in one loop over chunks of the tokens that count: the LM head's product, softmax, loss and
/// gradient with respect to the hidden states, one chunk at a time into reused buffers. The logits of the whole batch are never materialized;
/// beyond the gradient, (tokens · hidden) for each pass, memory does not grow with the number of tokens. Targets are always the teacher's
/// logits on clean embeddings, a constant. Inputs are float32, bfloat16, float16 or float64; softmax and reductions run in at least
/// float32. Products run in the head's dtype.
/// </summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed partial class LogitTerms
{
    private readonly StepActivations _activations;
    private readonly CeTarget _target;
    private readonly List<WeightedLogitTerm> _terms = [];
    private bool _isNextDue = true;

    private LogitTerms(StepActivations activations, CeTarget target)
    {
        _activations = activations;
        _target = target;
        Options = activations.Service<VocabularyLoopOptions>() ?? new VocabularyLoopOptions();
    }

    /// <summary>How the loop is run: as the step says, or with the defaults.</summary>
    internal VocabularyLoopOptions Options { get; set; }

    /// <summary>Starts without terms.</summary>
    /// <param name="activations">The activations of this step's passes.</param>
    /// <param name="target">What cross-entropies compare with: the teacher's distribution, or its argmax.</param>
    /// <param name="gradientFilter">
    /// The allowed relative error of the cross-entropies' gradient, in exchange for multiplying fewer of its columns, from 0 to 1; 0 disables the filter. What may be left
    /// out is found by measurement, in the first loops of a head and periodically after that; <c>MeasureGradientError</c> of the bound loss reports the actual error. Only on the CPU and for frozen
    /// heads; otherwise all columns are multiplied.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException">The filter's error is not from 0 to 1.</exception>
    public static LogitTerms Begin(StepActivations activations, CeTarget target, double gradientFilter = 0)
    {
        ArgumentNullException.ThrowIfNull(activations);
        if (NumericRules.Problem(NumericRule.Fraction, nameof(gradientFilter), gradientFilter) is { } problem)
        {
            throw new ArgumentOutOfRangeException(nameof(gradientFilter), gradientFilter, problem);
        }

        var head = new LogitTerms(activations, target);
        head.Options = head.Options with { GradientFilter = gradientFilter };
        return head;
    }

    /// <summary>Says on which steps the next term that is added is evaluated: on those that a number divides. On the others it is 0, and its pass is not read.</summary>
    /// <param name="steps">The number, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number is less than 1.</exception>
    public LogitTerms Every(int steps)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(steps, 1);
        _isNextDue = _activations.Step % steps == 0;
        return this;
    }

    /// <summary>Runs the loop.</summary>
    /// <exception cref="ArgumentException">Shapes, dtypes or devices are incompatible.</exception>
    /// <exception cref="InvalidOperationException">No term was added, or a pass left no hidden states or no LM head.</exception>
    public LogitTermsValue Run()
    {
        if (_terms.Count == 0)
        {
            throw new InvalidOperationException("The head has no terms; add one before it runs.");
        }

        var due = _terms.Where(term => term.IsDue).ToArray();
        var terms = due.Where(term => _activations.Includes(term.Pass)).ToArray();
        if (terms.Length == 0)
        {
            return new LogitTermsValue(_activations.Zero, [.. _terms.Select(_ => _activations.Zero)]);
        }

        // If no term reads the teacher, its pass may not have been run, and any source provides the shapes.
        var teacher = due.Any(term => term.Term.Reads != TeacherReads.None) ? _activations.TeacherClean : _activations.Of(terms[0].Pass);
        var (loss, components) = VocabularyLoop.Run(
            new LogitSource(teacher.Hidden, HeadOf(teacher)),
            [.. terms.Select(term => term.Pass).Distinct().Select(pass => _activations.Of(pass))
                .Select(pass => new LogitSource(pass.Hidden, HeadOf(pass), [.. terms.Where(term => term.Pass == pass.Pass)]))],
            due,
            _target,
            Options,
            new VocabularyLoop.Services(
                _activations.Service<TeacherTargets>(),
                _activations.Service<LogitWorkspaces>(),
                _activations.Service<GradientErrorMeasurement>(),
                _activations.Service<FilterCalibrations>()));
        var next = 0;
        return new LogitTermsValue(loss, [.. _terms.Select(term => term.IsDue ? components[next++] : _activations.Zero)]);
    }

    internal void Add(LogitTerm term, Pass pass, double weight, RowMask mask, double? maxLoss, double scalingFactor)
    {
        ArgumentNullException.ThrowIfNull(mask);
        if (pass == Pass.TeacherClean)
        {
            throw new ArgumentException("The teacher's clean pass is the target of every term on the logits; name another pass.", nameof(pass));
        }

        _terms.Add(new WeightedLogitTerm(term, pass, weight, mask, maxLoss, scalingFactor) { IsDue = _isNextDue });
        _isNextDue = true;
    }

    private static LanguageModelHead HeadOf(PassActivations pass) =>
        pass.Head ?? throw new InvalidOperationException($"The pass {pass.Pass} has no LM head: the recipe's plan does not ask for its logits.");
}
