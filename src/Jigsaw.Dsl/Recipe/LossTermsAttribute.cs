namespace Jigsaw;

/// <summary>
/// Adds the custom terms of a class to a recipe: its methods with <see cref="LossTermAttribute"/>, and those of its base classes. Several recipes can name the class, in the same
/// project or another, and a recipe can name several classes. The weights are those written at the methods; <c>Defaults with</c> changes them for one recipe. A recipe has the terms of
/// its own base classes without naming them. The methods are accessible to the recipe: internal, or public for recipes of other projects.
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
