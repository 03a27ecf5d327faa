using Jigsaw.CompilerServices;

namespace Jigsaw.Planning;

/// <summary>One argument that an attribute can take, and what was written for it.</summary>
/// <param name="Name">Its name: of the property, or <c>Weight</c> for the constructor's.</param>
/// <param name="OriginalName">Its name in the original API; see <see cref="Under"/>.</param>
/// <param name="Kind">What type it has.</param>
/// <param name="Rule">The rule that its value follows.</param>
/// <param name="IsStructure">True if it can't change at run time.</param>
/// <param name="Default">What holds when nothing is written; NaN: it is absent then.</param>
/// <param name="Needs">The argument without which this one has no effect.</param>
/// <param name="MaskUnless">The mask that a false value names.</param>
internal sealed record ArgumentModel(
    string Name,
    string OriginalName,
    ArgumentKind Kind,
    NumericRule Rule,
    bool IsStructure,
    double Default,
    string? Needs,
    TokenMask? MaskUnless)
{
    /// <summary>What was written, enumerations and booleans as numbers; null where nothing was, or nothing that has a value.</summary>
    public double? Value { get; init; }

    /// <summary>True if it was written, with a value or without.</summary>
    public bool IsWritten { get; init; }

    /// <summary>True if it is a weight of 0 that arithmetic gave, which another rule reports.</summary>
    public bool IsComputedZero { get; init; }

    /// <summary>What was written, or what holds when nothing is; null where the argument is absent.</summary>
    public double? Effective => Value ?? (IsWritten || double.IsNaN(Default) ? null : Default);

    /// <summary>The argument of a term whose key the recipe gives: all of its names begin with it.</summary>
    public ArgumentModel UnderOwn(string key) => this with
    {
        OriginalName = OriginalName.Contains("{key}") || OriginalName.Contains("{stem}") ? OriginalName.Replace("{key}", key).Replace("{stem}", key) : key + "_" + SnakeCase.Of(Name),
    };

    /// <summary>The argument with the original's name for a component key.</summary>
    public ArgumentModel Under(string key)
    {
        const string Loss = "_loss";
        var stem = key.EndsWith(Loss, StringComparison.Ordinal) ? key.Substring(0, key.Length - Loss.Length) : key;
        return this with { OriginalName = OriginalName.Replace("{key}", key).Replace("{stem}", stem) };
    }
}
