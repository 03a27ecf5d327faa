using Jigsaw.Planning;

namespace Jigsaw.Generators.Gathering;

/// <summary>The recipe's type, or one around it.</summary>
/// <param name="Keyword">What declares it: <c>class</c>, <c>record struct</c> and so on.</param>
/// <param name="Name">Its name, unescaped.</param>
/// <param name="TypeParameters">Its type parameters with their variance.</param>
internal sealed record ContainerModel(string Keyword, string Name, EquatableArray<string> TypeParameters, bool IsPartial, bool IsFile);
