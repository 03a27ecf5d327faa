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
        HasTypeVar = compilation.ContainsSymbolsWithName("var", SymbolFilter.Type);
    }

    /// <summary>True if the runtime is referenced.</summary>
    public bool HasRuntime { get; }

    /// <summary>True if the program declares a type of the name <c>var</c>.</summary>
    public bool HasTypeVar { get; }

    public static CompilationFacts Of(Compilation compilation) => _facts.GetValue(compilation, static compilation => new CompilationFacts(compilation));
}
