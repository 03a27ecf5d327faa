namespace Jigsaw;

/// <summary>
/// Adds the custom terms of a class to a recipe: of its methods with <see cref="LossTermAttribute"/>, and of those of its base classes. Several recipes can name the class, in the same
/// project or another, and a recipe several classes; of each it takes the weights as written there, and <c>Defaults with</c> sets them apart. A recipe has the terms of its own base
/// classes without naming them. The methods are at least internal, or as visible as the recipe needs.
/// </summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct, AllowMultiple = true, Inherited = false)]
public sealed class LossTermsAttribute : Attribute
{
    /// <summary>Adds the terms of a class.</summary>
    /// <param name="terms">The class, <c>typeof(NoiseTerms)</c>: static or not, nested or generic with its type arguments; not a recipe.</param>
    public LossTermsAttribute(Type terms) => Terms = terms;

    /// <summary>The class whose custom terms the recipe has.</summary>
    public Type Terms { get; }
}
