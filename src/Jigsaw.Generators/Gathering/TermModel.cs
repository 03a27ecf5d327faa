using Jigsaw.CompilerServices;

namespace Jigsaw.Generators.Gathering;

/// <summary>One term of a recipe: a built-in one with its definition, or one of the user's own with its method.</summary>
internal sealed record TermModel(string Name, string Key, TermDefinition? Definition, CustomTermModel? Own, EquatableArray<ArgumentModel> Arguments)
{
    public ArgumentModel Weight => Argument("Weight")!;

    /// <summary>Whether the term is in the program: a weight of 0 takes it out.</summary>
    public bool IsActive => Weight.Value is not 0;

    public TermPull Pull => Definition?.Pull ?? TermPull.Minimized;

    public TermKind Kind => Definition?.Kind ?? TermKind.Similarity;

    public ArgumentModel? Argument(string name)
    {
        foreach (var argument in Arguments)
        {
            if (argument.Name == name)
            {
                return argument;
            }
        }

        return null;
    }
}
