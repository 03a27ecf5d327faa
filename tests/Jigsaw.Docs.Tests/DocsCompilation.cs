using System.Collections.Immutable;
using System.Reflection;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Diagnostics;

namespace Jigsaw.Docs.Tests;

/// <summary>
/// Compiles a block as a reader who follows its page would: with the usings and the types of the blocks before it, the implicit usings of the SDK,
/// the generator and the analyzers.
/// </summary>
internal static class DocsCompilation
{
    // The generator's assembly carries copies of the DSL's rules.
    private static readonly string[] _hidden = ["Jigsaw.Generators", "Jigsaw.CodeFixes"];

    private static readonly string _implicitUsings = string.Concat(
        ((string[])["System", "System.Collections.Generic", "System.IO", "System.Linq", "System.Net.Http", "System.Threading", "System.Threading.Tasks"])
        .Select(name => $"global using {name};\n"));

    private static readonly ImmutableArray<MetadataReference> _references =
    [
        .. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(path => !_hidden.Contains(Path.GetFileNameWithoutExtension(path)))
            .Select(path => MetadataReference.CreateFromFile(path)),
    ];

    private static readonly Type[] _components = Assembly.Load("Jigsaw.Generators").GetTypes().Where(type => !type.IsAbstract).ToArray();

    public static CSharpParseOptions Options { get; } = new(LanguageVersion.CSharp14);

    /// <summary>What is wrong with a block: errors, and warnings of Jigsaw's own.</summary>
    /// <param name="blocks">The compiled blocks of one page, in order.</param>
    /// <param name="index">Which of them.</param>
    public static async Task<IReadOnlyList<string>> ProblemsOf(IReadOnlyList<CodeBlock> blocks, int index)
    {
        var (program, hasStatements) = Program(blocks, index);
        var compilation = CSharpCompilation.Create(
            "Docs",
            [
                CSharpSyntaxTree.ParseText(_implicitUsings, Options, "ImplicitUsings.cs"),
                CSharpSyntaxTree.ParseText(program, Options, blocks[index].Page),
                .. EarlierTypes(blocks, index).Select((text, i) => CSharpSyntaxTree.ParseText(text, Options, $"Earlier{i}.cs")),
            ],
            _references,
            new CSharpCompilationOptions(
                hasStatements ? OutputKind.ConsoleApplication : OutputKind.DynamicallyLinkedLibrary,
                nullableContextOptions: NullableContextOptions.Enable,
                allowUnsafe: true));

        var generators = _components.Where(typeof(IIncrementalGenerator).IsAssignableFrom).Select(type => ((IIncrementalGenerator)Activator.CreateInstance(type)!).AsSourceGenerator());
        CSharpGeneratorDriver.Create(generators, parseOptions: Options).RunGeneratorsAndUpdateCompilation(compilation, out var generated, out var reported);

        var analyzers = _components.Where(typeof(DiagnosticAnalyzer).IsAssignableFrom).Select(type => (DiagnosticAnalyzer)Activator.CreateInstance(type)!).ToImmutableArray();
        var diagnostics = analyzers.IsEmpty ? generated.GetDiagnostics() : await generated.WithAnalyzers(analyzers).GetAllDiagnosticsAsync();
        return
        [
            .. diagnostics.Concat(reported)
                .Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error
                    || (diagnostic.Severity == DiagnosticSeverity.Warning && diagnostic.Id.StartsWith("JIG", StringComparison.Ordinal)))
                .Select(diagnostic => diagnostic.ToString())
                .Distinct(),
        ];
    }

    private static (string Text, bool HasStatements) Program(IReadOnlyList<CodeBlock> blocks, int index)
    {
        var first = index;
        while (blocks[first].Continues && first > 0)
        {
            first--;
        }

        var units = Enumerable.Range(first, index - first + 1).SelectMany(i => (CompilationUnitSyntax[])[blocks[i].Before, blocks[i].Unit]).ToArray();
        var usings = blocks.Take(index + 1).SelectMany(block => (CompilationUnitSyntax[])[block.Before, block.Unit]).SelectMany(unit => unit.Usings);
        var statements = units.SelectMany(unit => unit.Members.OfType<GlobalStatementSyntax>()).ToArray();
        var types = new[] { blocks[index].Before, blocks[index].Unit }.SelectMany(unit => unit.Members.Where(member => member is not GlobalStatementSyntax));
        var text = Text(usings.DistinctBy(directive => directive.ToString())) + Text(statements) + Text(types) + blocks[index].Unit.EndOfFileToken.ToFullString();
        return (text, statements.Length > 0);
    }

    private static IEnumerable<string> EarlierTypes(IReadOnlyList<CodeBlock> blocks, int index)
    {
        var taken = Names(blocks[index]).ToHashSet();
        for (var i = index - 1; i >= 0; i--)
        {
            // A page that shows a changed type again continues with the newer one.
            var names = Names(blocks[i]).ToArray();
            if (names.Length > 0 && !names.Any(taken.Contains))
            {
                taken.UnionWith(names);
                var usings = blocks.Take(i + 1).SelectMany(block => block.Before.Usings.Concat(block.Unit.Usings)).DistinctBy(directive => directive.ToString());
                yield return Text(usings) + Text(blocks[i].Before.Members.Concat(blocks[i].Unit.Members).Where(member => member is not GlobalStatementSyntax));
            }
        }
    }

    private static IEnumerable<string> Names(CodeBlock block) =>
        block.Before.DescendantNodes().Concat(block.Unit.DescendantNodes()).OfType<BaseTypeDeclarationSyntax>().Select(type => type.Identifier.ValueText);

    private static string Text(IEnumerable<SyntaxNode> nodes) =>
        string.Concat(nodes.Select(node =>
        {
            var at = node.GetLocation().GetMappedLineSpan();
            return $"#line {at.StartLinePosition.Line + 1} \"{at.Path}\"\n{node}\n";
        }));
}
