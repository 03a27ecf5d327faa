using System.Runtime.CompilerServices;
using Microsoft.CodeAnalysis;

namespace Jigsaw.Generators.Gathering;

/// <summary>What recipes ask of the whole program, looked up once for all of them.</summary>
internal sealed class CompilationFacts
{
    private static readonly ConditionalWeakTable<Compilation, CompilationFacts> _facts = new();

    private CompilationFacts(Compilation compilation)
    {
        HasRuntime = compilation.GetTypeByMetadataName(KnownNames.Runtime) is not null;
        HidingType = FindHidingType(compilation);
        HasTypeVar = compilation.ContainsSymbolsWithName("var", SymbolFilter.Type);
    }

    /// <summary>True if the runtime is referenced.</summary>
    public bool HasRuntime { get; }

    /// <summary>A type of the program that hides a namespace or a type that generated code names; null where none does.</summary>
    public string? HidingType { get; }

    /// <summary>True if the program declares a type of the name <c>var</c>.</summary>
    public bool HasTypeVar { get; }

    private static string? FindHidingType(Compilation compilation)
    {
        foreach (var name in KnownNames.Generated)
        {
            var space = compilation.GlobalNamespace;
            foreach (var part in name.Split('.'))
            {
                foreach (var type in space.GetTypeMembers(part, 0))
                {
                    if (SymbolEqualityComparer.Default.Equals(type.ContainingAssembly, compilation.Assembly))
                    {
                        return type.ToDisplayString();
                    }
                }

                if (space.GetNamespaceMembers().FirstOrDefault(inner => inner.Name == part) is not { } next)
                {
                    break;
                }

                space = next;
            }
        }

        return null;
    }

    public static CompilationFacts Of(Compilation compilation) => _facts.GetValue(compilation, static compilation => new CompilationFacts(compilation));
}
