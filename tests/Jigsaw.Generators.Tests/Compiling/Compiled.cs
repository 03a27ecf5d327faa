using System.Collections.Immutable;
using System.Reflection;
using Basic.Reference.Assemblies;
using Jigsaw.Steps;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;

namespace Jigsaw.Generators.Tests.Compiling;

/// <summary>A program of recipes, compiled as a user's project would: generator, analyzers and all.</summary>
internal sealed class Compiled
{
    private static readonly ImmutableArray<MetadataReference> _references =
    [
        .. Net100.References.All,
        MetadataReference.CreateFromFile(typeof(TorchSharp.torch).Assembly.Location),
        MetadataReference.CreateFromFile(typeof(LossRecipeAttribute).Assembly.Location),
        MetadataReference.CreateFromFile(typeof(JigsawLoss<,>).Assembly.Location),
    ];

    /// <summary>What the SDK suppresses in every project: references to older versions of the framework.</summary>
    private static readonly ImmutableDictionary<string, ReportDiagnostic> _suppressed =
        new[] { "CS1701", "CS1702" }.ToImmutableDictionary(id => id, _ => ReportDiagnostic.Suppress);

    private Compiled(GeneratorDriverRunResult run, Compilation compilation, ImmutableArray<Diagnostic> diagnostics)
    {
        Run = run;
        Compilation = compilation;
        Diagnostics = diagnostics;
    }

    /// <summary>What the generator gave.</summary>
    public GeneratorDriverRunResult Run { get; }

    /// <summary>The program with the generated code.</summary>
    public Compilation Compilation { get; }

    /// <summary>All diagnostics of compiler, generator and analyzers, hidden ones left out.</summary>
    public ImmutableArray<Diagnostic> Diagnostics { get; }

    /// <summary>The ids of the diagnostics of Jigsaw.</summary>
    public IEnumerable<string> Ids => Diagnostics.Where(IsJigsaw).Select(diagnostic => diagnostic.Id);

    /// <summary>The generated files by hint name.</summary>
    public ImmutableArray<GeneratedSourceResult> Files => Run.Results[0].GeneratedSources;

    /// <summary>The one generated file.</summary>
    public string File => Files.Single().SourceText.ToString();

    public static bool IsJigsaw(Diagnostic diagnostic) => diagnostic.Id.StartsWith("JIG", StringComparison.Ordinal);

    /// <summary>A compilation of these files, each with a path of its own.</summary>
    public static CSharpCompilation Compile(IEnumerable<string> sources, CSharpParseOptions? parse = null, NullableContextOptions nullable = NullableContextOptions.Enable) =>
        CSharpCompilation.Create(
            "Recipes",
            sources.Select((source, i) => CSharpSyntaxTree.ParseText(source, parse ?? Parsing, path: $"File{i}.cs")),
            _references,
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: nullable, warningLevel: 9999, specificDiagnosticOptions: _suppressed));

    /// <summary>A compilation that references the attributes, but neither the runtime nor TorchSharp.</summary>
    public static CSharpCompilation CompileWithoutRuntime(string source) => Compile([source])
        .WithReferences([.. Net100.References.All, MetadataReference.CreateFromFile(typeof(LossRecipeAttribute).Assembly.Location)]);

    public static CSharpParseOptions Parsing { get; } = new(LanguageVersion.CSharp14, DocumentationMode.Parse);

    /// <summary>Compiles these files as they are.</summary>
    public static Compiled Of(params string[] sources) => Of(Compile(sources));

    public static Compiled Of(CSharpCompilation compilation)
    {
        var driver = CSharpGeneratorDriver
            .Create([new RecipeGenerator().AsSourceGenerator()], parseOptions: (CSharpParseOptions)compilation.SyntaxTrees[0].Options, optionsProvider: BuildProperties.AnalyzersRun)
            .RunGeneratorsAndUpdateCompilation(compilation, out var generated, out _);
        var run = driver.GetRunResult();
        var reported = generated
            .WithAnalyzers([new RecipeAnalyzer(), new AttributeAnalyzer()], new AnalyzerOptions([]))
            .GetAllDiagnosticsAsync().GetAwaiter().GetResult();
        return new Compiled(run, generated, [.. run.Diagnostics, .. reported.Where(diagnostic => diagnostic.Severity != DiagnosticSeverity.Hidden)]);
    }

    /// <summary>Compiles with generated code, and loads the result.</summary>
    public static Assembly Load(CSharpCompilation compilation)
    {
        CSharpGeneratorDriver
            .Create([new RecipeGenerator().AsSourceGenerator()], parseOptions: (CSharpParseOptions)compilation.SyntaxTrees[0].Options)
            .RunGeneratorsAndUpdateCompilation(compilation, out var generated, out _);
        using var image = new MemoryStream();
        var emitted = generated.Emit(image);
        Assert.True(emitted.Success, string.Join('\n', emitted.Diagnostics));
        return Assembly.Load(image.ToArray());
    }

    /// <summary>The text that a diagnostic squiggles.</summary>
    public string Squiggled(Diagnostic diagnostic)
    {
        var path = diagnostic.Location.GetLineSpan().Path;
        return Compilation.SyntaxTrees.Single(tree => tree.FilePath == path).GetText().ToString(diagnostic.Location.SourceSpan);
    }
}
