using Jigsaw.CompilerServices;

namespace Jigsaw;

/// <summary>A term with a weight, which may rise over the first steps.</summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct | AttributeTargets.Method, AllowMultiple = true, Inherited = false)]
public abstract class WeightedTermAttribute : Attribute
{
    private protected WeightedTermAttribute(double weight) => Weight = weight;

    /// <summary>What the term's value is multiplied by: finite and at least 0. A weight of 0 leaves the term and what only it needs out of the program.</summary>
    public double Weight { get; }

    /// <summary>
    /// On which steps the term is evaluated: on those that this number divides, counted from 0, with this many times its weight, which leaves the expected gradient the same. The other steps also skip the
    /// passes that only such terms read. At least 1. Not written: on all steps.
    /// </summary>
    [Hyperparameter(NumericRule.Count, "{key}_every")]
    public int Every { get; set; }

    /// <summary>The step at which the weight starts to rise: at least 0. Not written, but <see cref="RampSteps"/> is: 0.</summary>
    [Hyperparameter(NumericRule.Index, "{key}_weight_ramp_from", Default = 0, Needs = nameof(RampSteps))]
    public int RampFrom { get; set; }

    /// <summary>Over how many steps the weight rises to its full value: at least 1. Not written: the weight is the same in all steps.</summary>
    [Hyperparameter(NumericRule.Count, "{key}_weight_ramp_steps")]
    public int RampSteps { get; set; }

    /// <summary>How the weight rises. Not written, but <see cref="RampSteps"/> is: <see cref="Jigsaw.Ramp.Linear"/>.</summary>
    [Hyperparameter("{key}_weight_ramp", Structure = true, Needs = nameof(RampSteps))]
    public Ramp Ramp { get; set; }

    /// <summary>
    /// The weight that a geometric ramp rises from, finite and above 0: the weight is this until <see cref="RampFrom"/>. A geometric ramp needs it, others have none. Where the hyperparameters change
    /// the weight, the ramp goes from here to the changed one, down where that is smaller; a weight of 0 is 0 throughout.
    /// </summary>
    [Hyperparameter(NumericRule.Positive, "{key}_weight_ramp_start")]
    public double RampStart { get; set; }

    /// <summary>The step from which the weight is <see cref="RampStart"/>, at least 0 and at most <see cref="RampFrom"/>; before it the weight is 0. Not written: 0.</summary>
    [Hyperparameter(NumericRule.Index, "{key}_weight_ramp_start_from", Default = 0, Needs = nameof(RampStart))]
    public int RampStartFrom { get; set; }
}
