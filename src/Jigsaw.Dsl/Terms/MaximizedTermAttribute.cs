using Jigsaw.CompilerServices;

namespace Jigsaw;

/// <summary>A term that is subtracted from the loss, and may be capped: the composite subtracts weight · MaxLoss · sigmoid(ScalingFactor · value).</summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct, AllowMultiple = true, Inherited = false)]
public abstract class MaximizedTermAttribute : TokenTermAttribute
{
    private protected MaximizedTermAttribute(double weight)
        : base(weight)
    {
    }

    /// <summary>What the value tends to, MaxLoss · sigmoid(ScalingFactor · value): positive and finite. Not written: no cap.</summary>
    [Hyperparameter(NumericRule.Positive, "{stem}_max_loss")]
    public double MaxLoss { get; set; }

    /// <summary>How fast the cap is reached: positive and finite; without <see cref="MaxLoss"/> it has no effect. Not written: 1.</summary>
    [Hyperparameter(NumericRule.Positive, "{key}_scaling_factor", Default = 1, Needs = nameof(MaxLoss))]
    public double ScalingFactor { get; set; }
}
