using Jigsaw.Processes;

namespace Jigsaw.Evaluation.Metrics;

/// <summary>A mean over the tokens of the loss mask, per pass.</summary>
public abstract class TokenMetric : Metric
{
    private readonly Dictionary<Pass, double> _sums;

    /// <summary>Measures passes.</summary>
    /// <param name="passes">The passes that get a figure.</param>
    protected TokenMetric(params IEnumerable<Pass> passes)
    {
        ArgumentNullException.ThrowIfNull(passes);
        _sums = passes.ToDictionary(pass => pass, _ => 0.0);
    }

    /// <summary>The mean over all tokens so far; 0 without tokens.</summary>
    /// <param name="pass">The pass.</param>
    /// <exception cref="ArgumentException">The metric doesn't measure this pass.</exception>
    public double this[Pass pass] => _sums.TryGetValue(pass, out var sum)
        ? sum / Math.Max(1, Tokens)
        : throw new ArgumentException($"{GetType().Name} does not measure {pass}; it measures {string.Join(", ", _sums.Keys)}.", nameof(pass));

    /// <summary>Tokens so far.</summary>
    public long Tokens { get; private set; }

    /// <inheritdoc/>
    public sealed override void Add(PassLogits logits)
    {
        ArgumentNullException.ThrowIfNull(logits);
        foreach (var pass in _sums.Keys)
        {
            _sums[pass] += Sum(logits, pass);
        }

        Tokens += logits.Count;
    }

    /// <inheritdoc/>
    public override void AddUp(IProcessGroup processes)
    {
        ArgumentNullException.ThrowIfNull(processes);
        Pass[] passes = [.. _sums.Keys];
        double[] sums = [Tokens, .. passes.Select(pass => _sums[pass])];
        processes.Sum(sums);
        Tokens = (long)sums[0];
        foreach (var (pass, sum) in passes.Zip(sums.Skip(1)))
        {
            _sums[pass] = sum;
        }
    }

    /// <summary>The sum of the figure over a block's tokens.</summary>
    /// <param name="logits">The logits of all passes.</param>
    /// <param name="pass">The pass to measure.</param>
    protected abstract double Sum(PassLogits logits, Pass pass);
}
