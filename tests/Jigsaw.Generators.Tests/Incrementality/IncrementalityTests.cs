using System.Collections;
using System.Reflection;
using Jigsaw.Generators.Tests.Compiling;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Jigsaw.Generators.Tests.Incrementality;

public class IncrementalityTests
{
    private static readonly string[] _program =
    [
        """
        using Jigsaw;
        using TorchSharp;
        using static Numbers.Small;

        namespace Shop;

        // A comment.
        [LossRecipe(DistillationLayer = 2)]
        [LossTerm.CePerformance(1.0)]
        [LossTerm.CeProtection(Weights.Protection, MaxLoss = 10)]
        [LossTerm.L2Performance(Length)]
        [LossTerm.AbsoluteCosineSimilarity(0.5)]
        [LossTerms(typeof(NoiseTerms))]
        public partial class ChatRecipe
        {
            [LossTerm(0.05)]
            private static torch.Tensor NoiseFloor(TransformStds stds, NoiseMask mask) => stds.Value.mean();
        }
        """,
        """
        using Jigsaw;
        namespace Shop;
        [LossRecipe]
        [LossTerm.CePerformance(1.0)]
        [LossTerm.StdLogRatio(0.5)]
        public partial class OtherRecipe { }
        """,
        "namespace Shop { public static class Weights { public const double Protection = 0.25; } }",
        "namespace Numbers { public static class Small { public const double Length = 0.5; } public static class Large { public const double Length = 5; } }",
        """
        using Jigsaw;
        using TorchSharp;
        namespace Shop;
        public static class NoiseTerms
        {
            // Of the noise.
            [LossTerm(0.1)]
            public static torch.Tensor Drift(TransformMeans means) => means.Value.mean();
        }
        """,
    ];

    private static readonly string[] _steps = [TrackingNames.Recipes, TrackingNames.HintNames, TrackingNames.Files];

    [Theory]
    [InlineData("A comment.", "Another comment.")]
    [InlineData("// A comment.", "// A comment.\n\n\n")]
    [InlineData("[LossTerm.CePerformance(1.0)]", "[LossTerm.CePerformance( 1.0 )]")]
    [InlineData("[LossTerm.CePerformance(1.0)]", "[LossTerm.CePerformance(0.5 + 0.5)]")]
    [InlineData("=> stds.Value.mean();", "=> stds.Value.sum();")]
    [InlineData("public partial class ChatRecipe\n{", "public partial class ChatRecipe\n{\n    public static int Unrelated => 1;")]
    [InlineData("namespace Shop;", "namespace Shop;\npublic class Unrelated { }")]
    public void An_edit_that_says_the_same_keeps_everything_cached(string old, string replacement)
    {
        AssertCached(Edited.From(_program, Edited.Replace(0, old, replacement)));
    }

    [Fact]
    public void An_unrelated_file_keeps_everything_cached() =>
        AssertCached(Edited.From(_program, compilation => compilation.AddSyntaxTrees(CSharpSyntaxTree.ParseText("class Unrelated { }", Compiled.Parsing, "Unrelated.cs"))));

    [Fact]
    public void An_edit_of_an_unrelated_file_keeps_everything_cached() =>
        AssertCached(Edited.From([.. _program, "class Unrelated { }"], Edited.Replace(5, "class Unrelated", "class Unrelatad")));

    [Theory]
    [InlineData("// Of the noise.", "// Of the drift.\n\n")]
    [InlineData("=> means.Value.mean();", "=> means.Value.sum();")]
    [InlineData("{\n    // Of", "{\n    public static int Unrelated => 1;\n    // Of")]
    public void An_edit_of_a_class_of_shared_terms_that_says_the_same_keeps_everything_cached(string old, string replacement) =>
        AssertCached(Edited.From(_program, Edited.Replace(4, old, replacement)));

    [Fact]
    public void An_added_reference_keeps_everything_cached() =>
        AssertCached(Edited.From(_program, compilation => compilation.AddReferences(MetadataReference.CreateFromFile(typeof(FactAttribute).Assembly.Location))));

    [Theory]
    [InlineData(0, "[LossTerm.CePerformance(1.0)]", "[LossTerm.CePerformance(2.0)]")]
    [InlineData(0, "MaxLoss = 10", "MaxLoss = 11")]
    [InlineData(0, "DistillationLayer = 2", "DistillationLayer = 3")]
    [InlineData(0, "[LossTerm.CePerformance(1.0)]\n", "")]
    [InlineData(0, "[LossTerm.L2Performance(Length)]\n[LossTerm.AbsoluteCosineSimilarity(0.5)]", "[LossTerm.AbsoluteCosineSimilarity(0.5)]\n[LossTerm.L2Performance(Length)]")]
    [InlineData(0, "using static Numbers.Small;", "using static Numbers.Large;")]
    [InlineData(0, "TransformStds stds, NoiseMask mask", "NoiseMask mask, TransformStds stds")]
    [InlineData(0, "NoiseFloor", "NoiseGround")]
    [InlineData(0, "class ChatRecipe", "class ChadRecipe")]
    [InlineData(0, "namespace Shop;", "namespace Shop.Training; using Shop;")]
    [InlineData(2, "Protection = 0.25", "Protection = 0.5")]
    [InlineData(3, "Length = 0.5", "Length = 0.75")]
    [InlineData(4, "NoiseTerms\n{", "NoiseTerms\n{\n    [LossTerm(1)] public static torch.Tensor Another() => null!;\n")]
    [InlineData(4, "[LossTerm(0.1)]", "[LossTerm(0.2)]")]
    [InlineData(4, "TransformMeans", "TransformStds")]
    public void An_edit_that_says_something_else_changes_that_recipe_alone(int file, string old, string replacement)
    {
        var edited = Edited.From(_program, Edited.Replace(file, old, replacement));

        Assert.Equal(1, edited.Reasons(TrackingNames.Files).Count(IsChange));
        Assert.Equal(1, edited.Reasons(TrackingNames.Files).Count(reason => reason == IncrementalStepRunReason.Cached));
        Assert.Equal(1, edited.OutputReasons().Count(IsChange));
    }

    [Fact]
    public void A_line_shifted_above_a_recipe_of_wrong_shape_moves_its_diagnostic_and_keeps_the_others_cached()
    {
        var program = _program.Append("using Jigsaw;\n[LossRecipe] [LossTerm.CePerformance(1)] class Wrong { }\n").ToArray();

        var edited = Edited.From(program, Edited.Replace(5, "using Jigsaw;\n", "using Jigsaw;\n\n"));

        Assert.Equal(2, Assert.Single(edited.Result.Diagnostics).Location.GetLineSpan().StartLinePosition.Line);
        Assert.All(_steps, step => Assert.True(edited.IsUntouched(step), step));
    }

    [Fact]
    public void Two_recipes_that_differ_by_case_alone_get_files_of_their_own()
    {
        const string Recipe = "using Jigsaw;\n[LossRecipe] [LossTerm.CePerformance(1)] [LossTerm.StdLogRatio(1)] partial class Chat { }\n";

        var files = Compiled.Of(Recipe, Recipe.Replace("Chat", "chat", StringComparison.Ordinal)).Files.Select(file => file.HintName).ToList();

        Assert.Equal(2, files.Distinct(StringComparer.OrdinalIgnoreCase).Count());
    }

    [Fact]
    public void Nothing_of_the_compiler_is_reachable_from_what_is_cached()
    {
        var program = _program.Append("using Jigsaw;\n[LossRecipe] [LossTerm.CePerformance(1)] class Wrong { }\n[LossTerm.MedianNorm(1)] class Stray { }\n[LossRecipe] [LossTerms(typeof(Shared))] partial class Sharing { }\nstatic class Shared { [LossTerm(1)] public static int Own() => 1; }").ToArray();
        var edited = Edited.From(program, compilation => compilation);
        var names = typeof(TrackingNames).GetFields().Select(field => (string)field.GetRawConstantValue()!).ToList();

        Assert.All(names, name => Assert.True(edited.Result.TrackedSteps.ContainsKey(name), name));
        var seen = new HashSet<object>(ReferenceEqualityComparer.Instance);
        foreach (var value in names.SelectMany(name => edited.Result.TrackedSteps[name]).SelectMany(run => run.Outputs).Select(output => output.Value))
        {
            Walk(value, seen, value.GetType().Name);
        }

        Assert.True(seen.Count > 50);
    }

    [Fact]
    public void The_generator_stops_when_it_is_canceled()
    {
        var driver = CSharpGeneratorDriver.Create(new RecipeGenerator());
        using var canceled = new CancellationTokenSource();
        canceled.Cancel();

        Assert.ThrowsAny<OperationCanceledException>(() => driver.RunGenerators(Compiled.Compile(_program), canceled.Token));
    }

    private static bool IsChange(IncrementalStepRunReason reason) => reason is IncrementalStepRunReason.Modified or IncrementalStepRunReason.New;

    private static void AssertCached(Edited edited)
    {
        Assert.True(edited.IsCached(TrackingNames.Gathered));
        Assert.All(_steps, step => Assert.True(edited.IsCached(step), step));
        Assert.True(edited.IsUntouched(TrackingNames.Files));
        Assert.All(edited.OutputReasons(), reason => Assert.Equal(IncrementalStepRunReason.Cached, reason));
    }

    private static void Walk(object? value, HashSet<object> seen, string path)
    {
        if (value is null || value is string || value.GetType().IsPrimitive || value.GetType().IsEnum || (!value.GetType().IsValueType && !seen.Add(value)))
        {
            return;
        }

        Assert.False(
            value is ISymbol or SyntaxNode or SyntaxTree or Compilation or SemanticModel or Location or Diagnostic or AttributeData or SyntaxReference
            || (value.GetType().Namespace?.StartsWith("Microsoft.CodeAnalysis", StringComparison.Ordinal) == true && !value.GetType().IsValueType),
            $"{path} holds a {value.GetType()}.");
        if (value is IEnumerable items)
        {
            foreach (var item in items)
            {
                Walk(item, seen, path + "[]");
            }
        }

        for (var type = value.GetType(); type is not null && type != typeof(object); type = type.BaseType)
        {
            foreach (var field in type.GetFields(BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public | BindingFlags.DeclaredOnly))
            {
                Walk(field.GetValue(value), seen, $"{path}.{field.Name}");
            }
        }
    }
}
