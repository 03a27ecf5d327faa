using Jigsaw.Batches;
using Jigsaw.Tensors;
using static TorchSharp.torch;

namespace Jigsaw.Losses.Logits;

/// <summary>One computation over the rows of a source, for all terms that share it: its values, and the factor of each row's gradient.</summary>
internal sealed class LogitComputation
{
    private readonly LoopRows _rows;
    private readonly int _start;
    private readonly int _length;
    private readonly Dictionary<WeightedLogitTerm, Tensor> _capFactors = [];

    /// <summary>Prepares the computation.</summary>
    /// <param name="rows">The loop's rows.</param>
    /// <param name="terms">The terms that share it, at least one.</param>
    /// <param name="start">The first row that the source needs.</param>
    /// <param name="length">How many rows it covers.</param>
    /// <param name="isWhole">True if the source needs each of them.</param>
    internal LogitComputation(LoopRows rows, IReadOnlyList<WeightedLogitTerm> terms, int start, int length, bool isWhole)
    {
        (_rows, Terms, _start, _length) = (rows, terms, start, length);
        Values = Buffer(1, rows.Wide, isWhole);
        Scales = Buffer(1, rows.Wide, isWhole);
    }

    /// <summary>What is computed for a row.</summary>
    internal LogitTerm Term => Terms[0].Term;

    /// <summary>The terms that share it.</summary>
    internal IReadOnlyList<WeightedLogitTerm> Terms { get; }

    /// <summary>The value of each row, shape (rows, 1).</summary>
    internal Tensor Values { get; }

    /// <summary>The factor by which each row's gradient is still to be multiplied, shape (rows, 1).</summary>
    internal Tensor Scales { get; }

    /// <summary>Runs it on the rows of a chunk.</summary>
    /// <param name="logits">Raw logits, or differences for a term that reads those; overwritten by the gradient.</param>
    /// <param name="teacher">The teacher's chunk.</param>
    /// <param name="from">The first row in the order.</param>
    /// <param name="wantsGradient">True if a gradient is requested.</param>
    /// <param name="observe">Observes each block of gradients while it is in the cache; null if not needed.</param>
    internal void Run(Tensor logits, TeacherChunk teacher, int from, bool wantsGradient, Action<LogitBlock, int>? observe)
    {
        var count = (int)logits.shape[0];
        foreach (var (first, length) in _rows.Blocks(count))
        {
            using var scope = NewDisposeScope();
            var at = from - _start + first;
            var block = new LogitBlock(logits.narrow(0, first, length), Values.narrow(0, at, length), Scales.narrow(0, at, length), wantsGradient, _rows.Block(length), teacher, from - teacher.Start + first);
            Term.Compute(block);
            observe?.Invoke(block, first);
        }

        if (wantsGradient && Term.MustBeMasked && Terms[0].Mask.Count != _length)
        {
            logits.masked_fill_(_rows.Weights(Terms[0].Mask).narrow(0, from, count).eq(Scalars.Of(0)).unsqueeze(1), Scalars.Of(0));
        }
    }

    /// <summary>The raw value of a term, capped where it has a cap: shape ().</summary>
    internal Tensor Component(WeightedLogitTerm term)
    {
        var weights = WeightsOf(term.Mask);
        var mean = Values.squeeze(1).masked_fill(weights.eq(Scalars.Of(0)), Scalars.Of(0)).sum() / Counted(term.Mask, weights);
        if (term.MaxLoss is not { } maxLoss)
        {
            return mean;
        }

        mean = term.Mask.Step?.Whole(mean) ?? mean;

        // 1 − sigmoid(x) is sigmoid(−x), without the cancellation when the cap is reached.
        var scaled = mean * Scalars.Of(term.ScalingFactor);
        _capFactors[term] = scaled.sigmoid() * scaled.neg().sigmoid() * Scalars.Of(maxLoss * term.ScalingFactor);
        return scaled.sigmoid() * Scalars.Of(maxLoss / (term.Mask.Step?.Count ?? 1));
    }

    /// <summary>The cap's factor in a term's gradient, shape (); null without a cap. Known after <see cref="Component"/>.</summary>
    internal Tensor? CapFactor(WeightedLogitTerm term) => _capFactors.GetValueOrDefault(term);

    /// <summary>The factor of each row's gradient, in the loop's unit: shape (count, 1).</summary>
    /// <param name="from">The first row, relative to the source's first.</param>
    /// <param name="count">How many.</param>
    /// <param name="isCapped">True to include the caps, which are known after the loop.</param>
    internal Tensor RowFactors(int from, int count, bool isCapped)
    {
        Tensor? sum = null;
        foreach (var term in Terms)
        {
            var factors = TermFactors(term, from, count);
            if (isCapped && CapFactor(term) is { } factor)
            {
                factors = factors * factor;
            }

            sum = sum is null ? factors : sum.Plus(factors);
        }

        return Scales.narrow(0, from, count) * sum!;
    }

    /// <summary>A term's share of them: its weight divided by the number of its tokens, 0 where the row does not count. Shape (count, 1).</summary>
    internal Tensor TermFactors(WeightedLogitTerm term, int from, int count)
    {
        var weights = WeightsOf(term.Mask);
        return (weights.narrow(0, from, count) * Scalars.Of(term.Weight * _rows.Unit) / Counted(term.Mask, weights)).unsqueeze(1);
    }

    /// <summary>Memory for the source's rows: zeros where a row may never be written.</summary>
    internal Tensor Buffer(long columns, ScalarType type, bool isWhole) =>
        isWhole ? empty([_length, columns], dtype: type, device: _rows.Device) : zeros([_length, columns], dtype: type, device: _rows.Device);

    /// <summary>How many tokens a mean is over, at least 1: those of all micro-batches of the step.</summary>
    private static Tensor Counted(RowMask mask, Tensor weights) =>
        mask is { Step: not null, CountInStep: { } count } ? full([], Scalars.Of(Math.Max(count, 1)), dtype: weights.dtype, device: weights.device) : weights.sum().clamp_min(Scalars.Of(1));

    private Tensor WeightsOf(RowMask mask) => _rows.Weights(mask).narrow(0, _start, _length);
}
