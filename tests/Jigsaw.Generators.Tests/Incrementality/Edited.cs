using Jigsaw.Generators.Tests.Compiling;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Jigsaw.Generators.Tests.Incrementality;

/// <summary>Runs the generator on a program, then on the edited program, and tells what each step made of the edit.</summary>
internal sealed class Edited
{
    private Edited(GeneratorRunResult result) => Result = result;

    public GeneratorRunResult Result { get; }

    public static Edited From(IReadOnlyList<string> before, Func<CSharpCompilation, CSharpCompilation> edit)
    {
        var compilation = Compiled.Compile(before);
        GeneratorDriver driver = CSharpGeneratorDriver.Create(
            [new RecipeGenerator().AsSourceGenerator()],
            parseOptions: Compiled.Parsing,
            driverOptions: new GeneratorDriverOptions(IncrementalGeneratorOutputKind.None, trackIncrementalGeneratorSteps: true));
        driver = driver.RunGenerators(compilation).RunGenerators(edit(compilation));
        return new Edited(driver.GetRunResult().Results[0]);
    }

    /// <summary>Replaces text in one file.</summary>
    public static Func<CSharpCompilation, CSharpCompilation> Replace(int file, string old, string replacement) => compilation =>
    {
        var tree = compilation.SyntaxTrees[file];
        var text = tree.GetText().ToString();
        Assert.Contains(old, text, StringComparison.Ordinal);
        return compilation.ReplaceSyntaxTree(tree, CSharpSyntaxTree.ParseText(text.Replace(old, replacement, StringComparison.Ordinal), Compiled.Parsing, tree.FilePath));
    };

    /// <summary>True if no output of a step changed.</summary>
    public bool IsCached(string step) => Reasons(step).All(reason => reason is IncrementalStepRunReason.Cached or IncrementalStepRunReason.Unchanged);

    /// <summary>True if no output of a step was even computed.</summary>
    public bool IsUntouched(string step) => Reasons(step).All(reason => reason is IncrementalStepRunReason.Cached);

    public IEnumerable<IncrementalStepRunReason> Reasons(string step) =>
        (Result.TrackedSteps.TryGetValue(step, out var runs) ? runs : []).SelectMany(run => run.Outputs).Select(output => output.Reason);

    public IEnumerable<IncrementalStepRunReason> OutputReasons() =>
        Result.TrackedOutputSteps.SelectMany(steps => steps.Value).SelectMany(run => run.Outputs).Select(output => output.Reason);
}
