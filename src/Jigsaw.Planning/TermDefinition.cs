using Jigsaw.CompilerServices;

namespace Jigsaw.Planning;

/// <summary>What a built-in term states of itself with <c>LossTermDefinitionAttribute</c>.</summary>
internal sealed record TermDefinition(
    int Order,
    string Key,
    TermPlace Place,
    string Kernel,
    TermPull Pull,
    TermKind Kind,
    TermPurpose Purpose,
    Pass Source,
    TokenMask Mask,
    EquatableArray<string> Pair,
    EquatableArray<string> Reads,
    EquatableArray<string> Parts,
    string Notation);
