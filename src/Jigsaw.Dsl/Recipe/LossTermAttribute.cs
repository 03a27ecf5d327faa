using Jigsaw.CompilerServices;

namespace Jigsaw;

/// <summary>
/// A custom term: on a static method of a recipe, or of a class that it shares (<see cref="LossTermsAttribute"/>), that returns a scalar tensor and whose parameters name by their types what it
/// reads: <c>CleanEmbeddings</c>, <c>NoisyEmbeddings</c>, <c>TransformMeans</c>, <c>TransformStds</c>, <c>AttentionMask</c>, <c>LossMask</c>, <c>NoiseMask</c>, <c>InputIds</c>, and of
/// each pass the hidden states at the distillation layer or the logits, as <c>StudentNoisyHidden</c> or <c>TeacherCleanLogits</c>. It is added to the loss
/// (minimized) under the method's name in snake case, and counts as a similarity term under an alpha. A method that reads rows of logits, as
/// <c>StudentNoisyLogitRows</c> and beside it <c>TeacherCleanLogitRows</c>, returns a value for each row instead, shape (rows): it is called in the loop over the vocabulary, on
/// some tokens at a time, and its values are averaged over <see cref="Mask"/>.
/// </summary>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true, Inherited = false)]
public sealed class LossTermAttribute : WeightedTermAttribute
{
    /// <summary>Adds the method's value to the loss.</summary>
    /// <param name="weight">What the value is multiplied by: finite and at least 0; 0 leaves the term out.</param>
    public LossTermAttribute([Hyperparameter(NumericRule.Weight, "{key}_weight")] double weight)
        : base(weight)
    {
    }

    /// <summary>Of a term on rows of logits, the tokens that it averages over; with several flags, those where all hold. Not written: <see cref="TokenMask.Loss"/>. Other custom terms have none. Structure.</summary>
    [Hyperparameter("{key}_mask", Structure = true)]
    public TokenMask Mask { get; set; }
}
