using Jigsaw.Losses.Gradients;
using Jigsaw.Passes;
using Jigsaw.Tensors;
using static TorchSharp.torch;

namespace Jigsaw.Losses.Logits;

/// <summary>The gradient of a trainable head: accumulated once for all uncapped terms, and separately for each capped term, whose factor is known at the end.</summary>
internal sealed class HeadGradients
{
    private readonly LoopRows _rows;
    private readonly LanguageModelHead _head;
    private readonly List<Part> _parts = [];

    internal HeadGradients(LoopRows rows, LanguageModelHead head, IReadOnlyList<LogitComputation> computations, bool wantsWeight, bool wantsBias)
    {
        (_rows, _head) = (rows, head);
        var terms = computations.SelectMany((computation, index) => computation.Terms.Select(term => (Index: index, Term: term)));
        foreach (var group in terms.GroupBy(term => term.Term.MaxLoss is null ? null : term.Term))
        {
            _parts.Add(new Part(
                [.. group.GroupBy(term => term.Index).Select(shared => (computations[shared.Key], shared.Key, shared.Select(term => term.Term).ToArray()))],
                wantsWeight ? zeros(head.Weight.shape, dtype: rows.Wide, device: rows.Device) : null,
                wantsBias ? zeros([head.Weight.shape[0]], dtype: rows.Wide, device: rows.Device) : null));
        }
    }

    /// <summary>Adds a chunk.</summary>
    /// <param name="gradients">For each computation the gradient with respect to the logits, read-only.</param>
    /// <param name="hidden">The chunk's hidden states in the wide type.</param>
    /// <param name="from">The first row, relative to the source's first.</param>
    internal void Add(IReadOnlyList<Tensor> gradients, Tensor hidden, int from)
    {
        var count = (int)hidden.shape[0];
        foreach (var part in _parts)
        {
            foreach (var (computation, index, terms) in part.Terms)
            {
                var factors = computation.Scales.narrow(0, from, count) * terms.Select(term => computation.TermFactors(term, from, count)).Aggregate((sum, next) => sum.Plus(next));
                part.Weight?.addmm_(gradients[index].t(), hidden * factors);
                part.Bias?.addmv_(gradients[index].t(), factors.squeeze(1));
            }
        }
    }

    /// <summary>Adds the gradients; the caps are known now.</summary>
    internal void Finish(List<KnownGradient.Part> parts)
    {
        Sum(parts, _head.Weight, part => part.Weight);
        Sum(parts, _head.Bias, part => part.Bias);
    }

    private void Sum(List<KnownGradient.Part> parts, Tensor? input, Func<Part, Tensor?> choose)
    {
        Tensor? sum = null;
        foreach (var part in _parts)
        {
            if (choose(part) is not { } gradient)
            {
                return;
            }

            var (computation, _, terms) = part.Terms[0];
            if (computation.CapFactor(terms[0]) is { } factor)
            {
                gradient.mul_(factor);
            }

            sum = sum is null ? gradient : sum.add_(gradient, Scalars.One);
        }

        parts.Add(new KnownGradient.Part(input!, sum!.DetachFromDisposeScope(), 1 / _rows.Unit));
    }

    private sealed record Part(IReadOnlyList<(LogitComputation Computation, int Index, WeightedLogitTerm[] Terms)> Terms, Tensor? Weight, Tensor? Bias);
}
