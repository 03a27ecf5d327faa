using System.Globalization;
using Jigsaw.CompilerServices;

namespace Jigsaw.Planning;

/// <summary>One term of a recipe.</summary>
/// <param name="Name">Its name: of the attribute, or of the method with a capital first letter.</param>
/// <param name="Key">Its component key.</param>
/// <param name="Definition">What a built-in term states of itself; null for a custom one.</param>
/// <param name="Custom">The method of a custom term; null for a built-in one.</param>
/// <param name="Arguments">What its attribute takes, and what was written for it.</param>
internal sealed record TermModel(string Name, string Key, TermDefinition? Definition, CustomTermModel? Custom, EquatableArray<ArgumentModel> Arguments)
{
    /// <summary>What was written as its key, right or wrong; null where nothing was.</summary>
    public string? WrittenKey { get; init; }

    /// <summary>True if the recipe gives it a key, which is then <see cref="Key"/>.</summary>
    public bool HasOwnKey => WrittenKey is { } written && SnakeCase.IsOne(written);

    /// <summary>What its typed component is called, and what the properties of its hyperparameters begin with.</summary>
    public string Property => HasOwnKey ? SnakeCase.ToPascal(Key) : Name;

    /// <summary>Keys of what its kernel gives beside the value.</summary>
    public IEnumerable<string> Parts => HasOwnKey ? Definition!.Parts.Select(part => Key + "_" + part) : Definition?.Parts ?? default;

    public ArgumentModel Weight => Argument("Weight")!;

    /// <summary>True if the term is in the program: a weight of 0 removes it.</summary>
    public bool IsActive => Weight.Value is not 0;

    /// <summary>False of a custom term on half-typed code, or on what has no name that C# can write, such as an explicit implementation: a rule reports it, and no member is written for it.</summary>
    public bool IsNamed => Name.Length > 0 && !char.IsDigit(Name[0]) && Name.All(c => c == '_' || char.IsLetterOrDigit(c) || char.GetUnicodeCategory(c) is UnicodeCategory.LetterNumber
        or UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.ConnectorPunctuation or UnicodeCategory.Format);

    /// <summary>True if it says on which steps it is evaluated.</summary>
    public bool HasEvery => Argument("Every") is { IsWritten: true };

    public TermPull Pull => Definition?.Pull ?? TermPull.Minimized;

    public TermKind Kind => Definition?.Kind ?? TermKind.Similarity;

    /// <summary>What messages call it.</summary>
    public string SpokenName => Custom?.SpokenName ?? Name;

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
