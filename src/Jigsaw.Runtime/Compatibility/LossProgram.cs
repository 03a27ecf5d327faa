using Jigsaw.Batches;
using Jigsaw.CompilerServices;
using Jigsaw.Losses;
using Jigsaw.Losses.Logits;
using Jigsaw.Passes;
using static TorchSharp.torch;

namespace Jigsaw.Compatibility;

/// <summary>
/// A recipe put together at run time. It calls the kernels that generated code calls, in the same order, so that both give the same numbers
/// to the bit.
/// </summary>
internal sealed class LossProgram
{
    private readonly int? _distillationLayer;
    private readonly double? _alpha;
    private readonly CeTarget _target;
    private readonly ProgramTerm[] _logits;
    private readonly ProgramTerm[] _layer;
    private readonly ProgramTerm[] _embeddings;

    /// <summary>Puts terms together; those of weight 0 are left out.</summary>
    internal LossProgram(int? distillationLayer, double? alpha, CeTarget target, params IEnumerable<ProgramTerm> terms)
    {
        _distillationLayer = distillationLayer;
        _alpha = alpha;
        _target = target;
        var ordered = terms.Where(term => term.Weight != 0).OrderBy(term => term.Definition.Order).ToArray();
        _embeddings = [.. ordered.Where(term => term.Definition.Place == TermPlace.Embeddings)];
        _logits = [.. ordered.Where(term => term.IsOnLogits(distillationLayer))];
        _layer = [.. ordered.Except(_embeddings).Except(_logits)];
        Keys = [.. Terms.SelectMany(term => (string[])[term.Definition.Key, .. term.Definition.Parts]), ComponentLosses.CompositeKey];
        Plan = Planned();
    }

    /// <summary>What a step runs.</summary>
    internal LossPlan Plan { get; }

    /// <summary>The components' keys.</summary>
    internal IReadOnlyList<string> Keys { get; }

    /// <summary>How the vocabulary head runs; null: as usual.</summary>
    internal VocabularyLoopOptions? Options { get; init; }

    /// <summary>The terms, in the order of summation.</summary>
    internal IEnumerable<ProgramTerm> Terms => _logits.Concat(_layer).Concat(_embeddings);

    /// <summary>The loss of one step.</summary>
    internal Tensor Compute(StepActivations activations, RowMask lossMask, out ComponentLosses components)
    {
        var values = new List<Tensor>();
        Tensor? similarity = null;
        Tensor? strength = null;
        if (_logits.Length > 0)
        {
            var head = LogitTerms.Begin(activations, _target);
            head.Options = Options ?? head.Options;
            foreach (var term in _logits)
            {
                head.Add(LogitTerm.Named(term.Definition.Kernel), term.Definition.Source, Signed(term), term.Mask(activations, lossMask), term.MaxLoss, term.ScalingFactor);
            }

            var value = head.Run();
            similarity = value.Loss;
            values.AddRange(value.Components);
        }

        var pairs = new Dictionary<string, Queue<Tensor>>();
        foreach (var term in _layer.Concat(_embeddings))
        {
            var parts = term.PairName(_distillationLayer) is { } pair ? [OnPair(pairs, pair, activations, lossMask)] : term.OnEmbeddings(activations, lossMask);
            values.AddRange(parts);
            if (_alpha is null || term.Definition.Kind == TermKind.Similarity)
            {
                Add(ref similarity, term, parts[0]);
            }
            else
            {
                Add(ref strength, term, parts[0]);
            }
        }

        var composite = Composite(similarity, strength) ?? throw new InvalidOperationException("The loss has no terms.");
        components = new ComponentLosses(Keys, [.. values, composite]);
        return composite;
    }

    /// <summary>The value of the next term on a pair; the first one runs them all.</summary>
    private Tensor OnPair(Dictionary<string, Queue<Tensor>> pairs, string name, StepActivations activations, RowMask lossMask)
    {
        if (!pairs.TryGetValue(name, out var values))
        {
            var terms = _layer.Concat(_embeddings).Where(term => term.PairName(_distillationLayer) == name).ToArray();
            var pair = terms[0].BeginPair(activations);
            foreach (var term in terms)
            {
                term.AddTo(pair, activations, lossMask);
            }

            pairs.Add(name, values = new Queue<Tensor>(pair.Run().Values));
        }

        return values.Dequeue();
    }

    private static double Signed(ProgramTerm term) => term.Definition.Pull == TermPull.Maximized ? -term.Weight : term.Weight;

    private static void Add(ref Tensor? sum, ProgramTerm term, Tensor value)
    {
        if (sum is null)
        {
            sum = Signed(term) * value;
        }
        else
        {
            sum = term.Definition.Pull == TermPull.Maximized ? sum - (term.Weight * value) : sum + (term.Weight * value);
        }
    }

    private Tensor? Composite(Tensor? similarity, Tensor? strength)
    {
        if (_alpha is not { } alpha)
        {
            return similarity;
        }

        return (similarity, strength) switch
        {
            ({ } left, { } right) => ((1 - alpha) * left) + (alpha * right),
            ({ } left, null) => (1 - alpha) * left,
            (null, { } right) => alpha * right,
            _ => null,
        };
    }

    private LossPlan Planned()
    {
        var passes = new List<PassPlan>();
        foreach (var pass in Enum.GetValues<Pass>())
        {
            bool Reads(ProgramTerm term) => pass == Pass.TeacherClean || term.Definition.Source == pass;
            var logits = _logits.Where(Reads).ToArray();
            var layer = _layer.Where(Reads).ToArray();
            if (logits.Length + layer.Length == 0)
            {
                continue;
            }

            var gradient = pass switch
            {
                Pass.TeacherClean => GradientFlow.None,
                Pass.TeacherNoisy => GradientFlow.Input,
                Pass.StudentNoisy => GradientFlow.All,
                _ => GradientFlow.Adapters,
            };
            passes.Add(new PassPlan(pass, gradient, logits.Length > 0, layer.Length > 0, [.. logits.Concat(layer).Select(term => term.Definition.Key)]));
        }

        return new LossPlan(_distillationLayer, truncate: false, [.. passes]);
    }
}
