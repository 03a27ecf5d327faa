using System.ComponentModel;

namespace Jigsaw.CompilerServices;

/// <summary>States of an argument of a recipe's attributes which rule it follows, and what the original API calls it.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Parameter, Inherited = false)]
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class HyperparameterAttribute : Attribute
{
    /// <summary>Describes a number.</summary>
    /// <param name="rule">The rule that its value follows.</param>
    /// <param name="originalName">Its name in the original API; <c>{key}</c> stands for the term's component key and <c>{stem}</c> for that without <c>_loss</c>.</param>
    public HyperparameterAttribute(NumericRule rule, string originalName)
    {
        Rule = rule;
        OriginalName = originalName;
    }

    /// <summary>Describes something that is not a number.</summary>
    /// <param name="originalName">Its name in the original API; <c>{key}</c> stands for the term's component key and <c>{stem}</c> for that without <c>_loss</c>.</param>
    public HyperparameterAttribute(string originalName)
        : this(NumericRule.None, originalName)
    {
    }

    /// <summary>The rule that the value follows.</summary>
    public NumericRule Rule { get; }

    /// <summary>The name in the original API.</summary>
    public string OriginalName { get; }

    /// <summary>What holds when the argument isn't written. NaN: the argument is then absent.</summary>
    public double Default { get; set; } = double.NaN;

    /// <summary>The property that has to be written for this one to have an effect.</summary>
    public string? Needs { get; set; }

    /// <summary>True if it is structure: reported with the hyperparameters, never changed at run time.</summary>
    public bool Structure { get; set; }
}
