using Jigsaw.CompilerServices;

namespace Jigsaw.Generators.Gathering;

/// <summary>One argument that an attribute can take, and what was written for it.</summary>
/// <param name="Name">Its name: of the property, or <c>Weight</c> for the constructor's.</param>
/// <param name="OriginalName">Its name in the original API.</param>
/// <param name="Value">What was written, enumerations and booleans as numbers; null where nothing was, or nothing that has a value.</param>
/// <param name="IsWritten">Whether it was written, with a value or without.</param>
/// <param name="Default">What holds when nothing is written; NaN: it is absent then.</param>
/// <param name="Needs">The argument without which this one has no effect.</param>
/// <param name="MaskUnless">The mask that a false value names.</param>
/// <param name="IsDivision">Whether it is 0 and a division was written, so that another rule speaks of it.</param>
internal sealed record ArgumentModel(
    string Name,
    string OriginalName,
    ArgumentKind Kind,
    NumericRule Rule,
    bool IsStructure,
    double? Value,
    bool IsWritten,
    double Default,
    string? Needs,
    TokenMask? MaskUnless,
    bool IsDivision)
{
    /// <summary>What was written, or what holds when nothing is; null where the argument is absent.</summary>
    public double? Effective => Value ?? (IsWritten || double.IsNaN(Default) ? null : Default);
}
