using System.Runtime.CompilerServices;
using Microsoft.CodeAnalysis;

namespace Jigsaw.Generators.Gathering;

/// <summary>What recipes ask of the whole program, looked up once for all of them.</summary>
internal sealed class CompilationFacts
{
    private static readonly ConditionalWeakTable<Compilation, CompilationFacts> s_facts = new();

    private CompilationFacts(Compilation compilation)
    {
        HasRuntime = compilation.GetTypeByMetadataName(KnownNames.Runtime) is not null;
        HasTypeVar = compilation.ContainsSymbolsWithName("var", SymbolFilter.Type);
    }

    /// <summary>Whether the runtime is referenced.</summary>
    public bool HasRuntime { get; }

    /// <summary>Whether the program declares a type of the name <c>var</c>.</summary>
    public bool HasTypeVar { get; }

    public static CompilationFacts Of(Compilation compilation) => s_facts.GetValue(compilation, static compilation => new CompilationFacts(compilation));
}
