using Jigsaw.Batches;
using Jigsaw.CompilerServices;
using Jigsaw.Passes;
using Jigsaw.Steps;
using static TorchSharp.torch;

namespace Jigsaw.Losses.Logits;

/// <summary>
/// All terms on the logits of one step, computed in one loop over chunks of the tokens that count: the LM head's product, softmax, loss and
/// gradient with respect to the hidden states, one chunk at a time into reused buffers. The logits of the whole batch are never there;
/// beyond the gradient, (tokens · hidden) for each pass, memory does not grow with the number of tokens. Targets are always the teacher's
/// logits on clean embeddings, a constant. Inputs are float32, bfloat16, float16 or float64; softmax and reductions run in float32 at
/// least. Products run in the head's dtype.
/// </summary>
public sealed class LogitTerms
{
    private readonly StepActivations _activations;
    private readonly CeTarget _target;
    private readonly List<VocabularyTerm> _terms = [];

    private LogitTerms(StepActivations activations, CeTarget target)
    {
        _activations = activations;
        _target = target;
    }

    /// <summary>Bytes that each workspace of a new head may take, 48 MiB unless set: a chunk has as many rows as fit, from 128 to 1024.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not positive.</exception>
    public static long DefaultWorkspaceBytes
    {
        get;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(value);
            field = value;
        }
    } = 48L << 20;

    internal VocabularyLoopOptions Options { get; set; } = new() { WorkspaceBytes = DefaultWorkspaceBytes };

    /// <summary>Starts a head without terms.</summary>
    /// <param name="activations">What the passes of this step left.</param>
    /// <param name="target">Whether cross-entropies compare with the teacher's distribution or with its argmax.</param>
    /// <param name="gradientFilter">
    /// The relative error of the gradient that cross-entropies may make to multiply fewer columns of it, from 0 to 1; 0: none. What may be left
    /// out is found by measuring, in the first loops of a head and now and then; <c>MeasureGradientError</c> of the bound loss tells the actual error. On the CPU and for frozen
    /// heads alone; elsewhere all columns are multiplied.
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

    /// <summary>Adds the masked cross-entropy of a pass against the teacher: mean_m of −Σ p_teacher · log softmax(z), with <paramref name="maxLoss"/> as maxLoss · sigmoid(scalingFactor · mean).</summary>
    /// <param name="pass">Whose logits.</param>
    /// <param name="weight">Weight with the sign of the term.</param>
    /// <param name="mask">Tokens that count.</param>
    /// <param name="maxLoss">The cap; null: none.</param>
    /// <param name="scalingFactor">How fast the cap is reached; ignored without one.</param>
    public void CrossEntropy(Pass pass, double weight, RowMask mask, double? maxLoss = null, double scalingFactor = 1) =>
        Add(VocabularyTermKind.CrossEntropy, pass, weight, mask, maxLoss, scalingFactor);

    /// <summary>Adds the masked cosine distance of a pass's raw logits to the teacher's: mean_m (1 − cos).</summary>
    /// <param name="pass">Whose logits.</param>
    /// <param name="weight">Weight with the sign of the term.</param>
    /// <param name="mask">Tokens that count.</param>
    public void CosineDistance(Pass pass, double weight, RowMask mask) =>
        Add(VocabularyTermKind.CosineDistance, pass, weight, mask, null, 1);

    /// <summary>Adds the masked normalized L2 distance of a pass's raw logits to the teacher's: mean_m ‖z − t‖ / max(‖t‖, 1e-8).</summary>
    /// <param name="pass">Whose logits.</param>
    /// <param name="weight">Weight with the sign of the term.</param>
    /// <param name="mask">Tokens that count.</param>
    /// <param name="maxLoss">The cap; null: none.</param>
    /// <param name="scalingFactor">How fast the cap is reached; ignored without one.</param>
    public void NormalizedL2(Pass pass, double weight, RowMask mask, double? maxLoss = null, double scalingFactor = 1) =>
        Add(VocabularyTermKind.NormalizedL2, pass, weight, mask, maxLoss, scalingFactor);

    /// <summary>
    /// Adds the masked mean of a term of one's own that reads a pass's logits by rows. It is called several times, each time on some of the
    /// tokens in no promised order, and its gradient with respect to them is autograd's; whatever else it reads gets none.
    /// </summary>
    /// <param name="key">The term's component key, for messages.</param>
    /// <param name="pass">Whose logits.</param>
    /// <param name="weight">Weight with the sign of the term.</param>
    /// <param name="mask">Tokens that count; what the method says of others is not read.</param>
    /// <param name="values">From raw logits, shape (rows, vocabulary), float32 at least and to be read only, to a value for each row, shape (rows).</param>
    /// <remarks>What the method throws, <see cref="Run"/> throws; it says an <see cref="InvalidOperationException"/> of a wrong shape, dtype or device.</remarks>
    public void OfRows(string key, Pass pass, double weight, RowMask mask, Func<Tensor, Tensor> values)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(values);
        Add(VocabularyTermKind.OfRows, pass, weight, mask, null, 1, new LogitFunction(key, values));
    }

    /// <summary>The same for a term that also reads the teacher's raw logits on clean embeddings, its second argument: a constant.</summary>
    /// <inheritdoc cref="OfRows(string, Pass, double, RowMask, Func{Tensor, Tensor})"/>
    public void OfRows(string key, Pass pass, double weight, RowMask mask, Func<Tensor, Tensor, Tensor> values)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(values);
        Add(VocabularyTermKind.OfRows, pass, weight, mask, null, 1, new LogitFunction(key, values));
    }

    /// <summary>Runs the loop.</summary>
    /// <exception cref="ArgumentException">Shapes, dtypes or devices don't go together.</exception>
    /// <exception cref="InvalidOperationException">No term was added, or a pass left no hidden states or no LM head.</exception>
    public LogitTermsValue Run()
    {
        if (_terms.Count == 0)
        {
            throw new InvalidOperationException("The head has no terms; add one before it runs.");
        }

        var terms = _terms.Where(term => _activations.Includes(term.Pass)).ToArray();
        if (terms.Length == 0)
        {
            return new LogitTermsValue(_activations.Zero, [.. _terms.Select(_ => _activations.Zero)]);
        }

        // Where no term reads the teacher, its pass may not have been run, and any source stands for the shapes.
        var teacher = _terms.Any(term => term.ReadsTeacher) ? _activations.TeacherClean : _activations.Of(terms[0].Pass);
        return VocabularyLoop.Run(
            new LogitSource(teacher.Hidden, HeadOf(teacher)),
            [.. terms.Select(term => term.Pass).Distinct().Select(pass => _activations.Of(pass))
                .Select(pass => new LogitSource(pass.Hidden, HeadOf(pass), [.. terms.Where(term => term.Pass == pass.Pass)]))],
            _terms,
            _target,
            Options,
            _activations.Stage?.Targets,
            _activations.Memory,
            _activations.Measurement);
    }

    internal void Add(VocabularyTermKind kind, Pass pass, double weight, RowMask mask, double? maxLoss, double scalingFactor, LogitFunction? function = null)
    {
        ArgumentNullException.ThrowIfNull(mask);
        if (pass == Pass.TeacherClean)
        {
            throw new ArgumentException("The teacher's clean pass is the target of every term on the logits; name another pass.", nameof(pass));
        }

        _terms.Add(new VocabularyTerm(kind, pass, weight, mask, maxLoss, scalingFactor, function));
    }

    private static LanguageModelHead HeadOf(PassActivations pass) =>
        pass.Head ?? throw new InvalidOperationException($"The pass {pass.Pass} has no LM head: the plan of the recipe does not ask for its logits.");
}
