using System.Globalization;
using Jigsaw.Generators.Gathering;
using Jigsaw.Generators.Tests.Compiling;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Xunit.Abstractions;

namespace Jigsaw.Generators.Tests.Incrementality;

/// <summary>What the generator costs: a first run, and one keystroke after it. <c>JIGSAW_MEASURE=1</c> takes the best of more runs, and a thousand recipes, for the table of the docs.</summary>
[Collection(MeasuredAlone.Name)]
public class CostTests(ITestOutputHelper output)
{
    [Fact]
    public void A_keystroke_costs_gathering_alone()
    {
        var isMeasured = Environment.GetEnvironmentVariable("JIGSAW_MEASURE") == "1";
        var repetitions = isMeasured ? 15 : 2;
        output.WriteLine("| recipes | first run, ms | a keystroke elsewhere, ms | gathering in it, µs a recipe | all after gathering, ms | a weight edited, ms |");
        output.WriteLine("|---|---|---|---|---|---|");
        foreach (var count in isMeasured ? new[] { 1, 100, 1000 } : [1, 100])
        {
            var compilation = Compiled.Compile([.. Enumerable.Range(0, count).Select(Recipe), "class Unrelated { }"]);
            GeneratorDriver driver = Driver();
            var first = double.MaxValue;
            for (var i = 0; i < Math.Min(repetitions, 5); i++)
            {
                var fresh = compilation.Clone();
                first = Math.Min(first, ProcessorTime(() => driver = Driver().RunGenerators(fresh)));
            }

            var (elsewhere, after) = Best(driver, compilation, repetitions, count, i => $"class Unrelated {{ int x{i}; }}");
            var (edited, _) = Best(driver, compilation, repetitions, 0, i => Recipe(0).Replace("(1.0)", $"({i + 2}.0)", StringComparison.Ordinal));
            var gathering = Gathering(compilation, repetitions);
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {count} | {first:F1} | {elsewhere:F2} | {gathering * 1000 / count:F0} | {after:F2} | {edited:F2} |"));

            // Far above what is measured, so that a busy machine passes and a quadratic step does not.
            Assert.InRange(elsewhere, 0, 100 + (5.0 * count));
        }
    }

    /// <summary>The best processor time of a run after an edit, and of the steps after gathering.</summary>
    private static (double Run, double AfterGathering) Best(GeneratorDriver driver, CSharpCompilation compilation, int repetitions, int file, Func<int, string> edit)
    {
        var (best, after) = (double.MaxValue, double.MaxValue);
        for (var i = 0; i < repetitions; i++)
        {
            var tree = compilation.SyntaxTrees[file];
            var edited = compilation.ReplaceSyntaxTree(tree, CSharpSyntaxTree.ParseText(edit(i), Compiled.Parsing, tree.FilePath));
            GeneratorDriver? run = null;
            best = Math.Min(best, ProcessorTime(() => run = driver.RunGenerators(edited)));
            var result = run!.GetRunResult().Results[0];
            var steps = new[] { TrackingNames.Recipes, TrackingNames.HintNames, TrackingNames.Files }.SelectMany(name => result.TrackedSteps[name]).Concat(result.TrackedOutputSteps.SelectMany(step => step.Value));
            after = Math.Min(after, steps.Sum(step => step.ElapsedTime.TotalMilliseconds));
        }

        return (best, after);
    }

    private static double Gathering(CSharpCompilation compilation, int repetitions)
    {
        var best = double.MaxValue;
        for (var i = 0; i < repetitions; i++)
        {
            var fresh = compilation.Clone();
            var recipes = fresh.SyntaxTrees.SelectMany(tree => tree.GetRoot().DescendantNodes().OfType<Microsoft.CodeAnalysis.CSharp.Syntax.ClassDeclarationSyntax>().Select(type => (INamedTypeSymbol)fresh.GetSemanticModel(tree).GetDeclaredSymbol(type)!))
                .Where(type => type.Name == "ChatRecipe").ToList();
            best = Math.Min(best, ProcessorTime(() =>
            {
                foreach (var type in recipes)
                {
                    _ = RecipeGatherer.Gather(type, RecipeGatherer.FindRecipe(type)!, fresh, CancellationToken.None);
                }
            }));
        }

        return best;
    }

    private static CSharpGeneratorDriver Driver() => CSharpGeneratorDriver.Create(
        [new RecipeGenerator().AsSourceGenerator()],
        parseOptions: Compiled.Parsing,
        driverOptions: new GeneratorDriverOptions(IncrementalGeneratorOutputKind.None, trackIncrementalGeneratorSteps: true));

    /// <summary>What the process spent, so that other programs on the machine don't count.</summary>
    private static double ProcessorTime(Action action)
    {
        var before = Environment.CpuUsage.TotalTime;
        action();
        return (Environment.CpuUsage.TotalTime - before).TotalMilliseconds;
    }

    private static string Recipe(int index) => $$"""
        using Jigsaw;
        using TorchSharp;
        namespace Shop{{index}};
        [LossRecipe(DistillationLayer = 2)]
        [LossTerm.CePerformance(1.0)]
        [LossTerm.CeProtection(0.25, MaxLoss = 10)]
        [LossTerm.L2Performance(0.5)]
        [LossTerm.MutualInformation(0.01)]
        [LossTerm.AbsoluteCosineSimilarity(0.5)]
        public partial class ChatRecipe
        {
            [LossTerm(0.05)]
            private static torch.Tensor NoiseFloor(TransformStds stds, NoiseMask mask) => stds.Value.mean();
        }
        """;
}
