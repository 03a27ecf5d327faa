namespace Jigsaw.Generators.Gathering;

/// <summary>The method of a term of one's own.</summary>
/// <param name="Method">The method's name, unescaped.</param>
/// <param name="Parameters">What it reads.</param>
/// <param name="ReturnType">What it returns, for messages; null where it is right.</param>
/// <param name="Unfit">What else keeps the method from being a term, as the end of a sentence; null where nothing does.</param>
internal sealed record OwnTermModel(string Method, EquatableArray<OwnParameterModel> Parameters, bool IsStatic, string? ReturnType, string? Unfit);
