using System.Runtime.CompilerServices;
using Microsoft.CodeAnalysis;

namespace Jigsaw.Generators.Gathering;

/// <summary>The classes whose terms recipes of a program share, found once for all of them, and only where a class asks.</summary>
internal sealed class NamedClasses
{
    private static readonly ConditionalWeakTable<Compilation, NamedClasses> _classes = new();

    private readonly HashSet<ISymbol> _named = new(SymbolEqualityComparer.Default);

    private NamedClasses(Compilation compilation) => Add(compilation.Assembly.GlobalNamespace);

    public static NamedClasses Of(Compilation compilation) => _classes.GetValue(compilation, static compilation => new NamedClasses(compilation));

    /// <summary>True if a recipe of the program names a class or derives from it.</summary>
    public bool Contain(INamedTypeSymbol type) => _named.Contains(type.OriginalDefinition);

    private void Add(INamespaceOrTypeSymbol around)
    {
        foreach (var member in around.GetMembers())
        {
            if (member is not INamespaceOrTypeSymbol inner)
            {
                continue;
            }

            if (member is INamedTypeSymbol type && RecipeGatherer.FindRecipe(type) is not null)
            {
                _named.UnionWith(TermClasses.Of(type).Select(named => named.Type?.OriginalDefinition).OfType<ISymbol>());
            }

            Add(inner);
        }
    }
}
