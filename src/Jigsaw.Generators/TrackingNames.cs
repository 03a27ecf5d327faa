namespace Jigsaw.Generators;

/// <summary>Names of the generator's steps.</summary>
internal static class TrackingNames
{
    public const string Gathered = nameof(Gathered);
    public const string Recipes = nameof(Recipes);
    public const string Problems = nameof(Problems);
    public const string NamedClasses = nameof(NamedClasses);
    public const string Classes = nameof(Classes);
    public const string HintNames = nameof(HintNames);
    public const string Files = nameof(Files);
}
