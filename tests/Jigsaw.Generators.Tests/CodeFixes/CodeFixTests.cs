using System.Text.RegularExpressions;
using Jigsaw.Generators.Tests.Compiling;
using Jigsaw.Generators.Tests.Rules;

namespace Jigsaw.Generators.Tests.CodeFixes;

public partial class CodeFixTests
{
    [Theory]
    [InlineData("JIG0001")]
    [InlineData("JIG0002")]
    [InlineData("JIG0020")]
    [InlineData("JIG0026")]
    [InlineData("JIG0041")]
    [InlineData("JIG0045")]
    [InlineData("JIG0046")]
    [InlineData("JIG0060")]
    public void The_fix_makes_the_right_code_of_a_page_from_its_wrong_code(string id)
    {
        var blocks = DiagnosticPageTests.Blocks(id);

        Assert.Equal(blocks[1], Marker().Replace(Fixing.Apply(blocks[0], id)!, ""));
    }

    [Theory]
    [InlineData("JIG0040", "[LossTerm.L2Performance(1.0)]", "[LossRecipe(DistillationLayer = 0)]")]
    [InlineData("JIG0042", "[LossTerm.MedianNorm(1.0)]", "[LossRecipe(DistillationLayer = 0, Truncate = true)]")]
    public void The_fix_names_a_layer(string id, string term, string fixedRecipe)
    {
        var recipe = id == "JIG0042" ? "[LossRecipe(Truncate = true)]" : "[LossRecipe]";
        var source = $"using Jigsaw;\n{recipe}\n{term}\npublic partial class ChatRecipe\n{{\n}}\n";

        Assert.Equal(source.Replace(recipe, fixedRecipe, StringComparison.Ordinal), Fixing.Apply(source, id));
    }

    [Theory]
    [InlineData("0.25, ScalingFactor = 2", "0.25")]
    [InlineData("0.25, ScalingFactor = 2, Mask = TokenMask.Loss", "0.25, Mask = TokenMask.Loss")]
    public void The_fix_takes_an_argument_without_effect_out(string wrong, string right)
    {
        var source = $"using Jigsaw;\n[LossRecipe]\n[LossTerm.CeProtection({wrong})]\npublic partial class ChatRecipe\n{{\n}}\n";

        Assert.Equal(source.Replace(wrong, right, StringComparison.Ordinal), Fixing.Apply(source, "JIG0044"));
    }

    [Theory]
    [InlineData("", "rate_2")]
    [InlineData("[LossTerm.PairwiseInformation(1, Key = \"information_rate_2\")]", "rate_3")]
    public void The_fix_gives_a_term_its_own_key(string other, string key)
    {
        var source = $"using Jigsaw;\n[LossRecipe]\n{other}\n[LossTerm.InformationRate(1)]\n[LossTerm.InformationRate(2)]\npublic partial class ChatRecipe\n{{\n}}\n";
        var right = Fixing.Apply(source, "JIG0009")!;

        Assert.Equal(source.Replace("(2)", $"(2, Key = \"information_{key}\")", StringComparison.Ordinal), right);
        Assert.DoesNotContain("JIG0009", Compiled.Of(right).Ids);
    }

    [Fact]
    public void A_method_with_two_terms_gets_no_key() =>
        Assert.Null(Fixing.Apply("using Jigsaw;\nusing TorchSharp;\n[LossRecipe]\npublic partial class ChatRecipe\n{\n    [LossTerm(1)]\n    [LossTerm(2)]\n    private static torch.Tensor Own(TransformStds stds) => stds;\n}\n", "JIG0009"));

    [Fact]
    public void Partial_is_added_to_all_types_around_at_once()
    {
        const string Source = "using Jigsaw;\ninternal static class A\n{\n    /// <summary>B.</summary>\n    record B\n    {\n        [LossRecipe]\n        [LossTerm.CePerformance(1)]\n        private sealed class C\n        {\n        }\n    }\n}\n";
        var once = Fixing.Apply(Source, "JIG0001")!;

        Assert.Equal(Source.Replace("static class A", "static partial class A", StringComparison.Ordinal), once);
        Assert.DoesNotContain("JIG0001", Compiled.Of(Fixing.Apply(Fixing.Apply(once, "JIG0001")!, "JIG0001")!).Ids);
    }

    [Fact]
    public void A_weight_that_is_not_a_number_has_no_sign_to_drop()
    {
        Assert.Null(Fixing.Apply("using Jigsaw;\n[LossRecipe]\n[LossTerm.CePerformance(double.NaN)]\npublic partial class ChatRecipe\n{\n}\n", "JIG0020"));
    }

    [Fact]
    public void Every_fix_is_of_a_diagnostic_that_exists()
    {
        Assert.All(Fixing.Fixes.SelectMany(fix => fix.FixableDiagnosticIds), id => Assert.Contains(id, Generators.Rules.Descriptors.ById.Keys));
        Assert.Equal(16, Fixing.Fixes.Count);
    }

    [Fact]
    public void No_fix_that_guesses_runs_in_a_batch()
    {
        var guessing = Fixing.Fixes.Where(fix => fix.GetFixAllProvider() is null).Select(fix => fix.GetType().Name).Order(StringComparer.Ordinal);

        Assert.Equal(["AddCapFix", "AddKeyFix", "AddLayerFix", "AddTermsFix", "DropSignFix", "RemoveParameterFix", "RemoveTermFix", "ReturnTensorFix"], guessing);
    }

    [Theory]
    [InlineData("JIG0003", "[LossRecipe]\npublic partial class C { }\n", "[LossRecipe]\n[LossTerm.CePerformance(1.0)]\n[LossTerm.AbsoluteCosineSimilarity(0.5)]\npublic partial class C { }\n")]
    [InlineData("JIG0021", "[LossRecipe]\n[LossTerm.CePerformance(1)]\n[LossTerm.MedianNorm(0)]\npublic partial class C { }\n", "[LossRecipe]\n[LossTerm.CePerformance(1)]\npublic partial class C { }\n")]
    [InlineData("JIG0027", "[LossRecipe]\n[LossTerm.CePerformance(1), LossTerm.MedianNorm(1e-60)]\npublic partial class C { }\n", "[LossRecipe]\n[LossTerm.CePerformance(1)]\npublic partial class C { }\n")]
    [InlineData("JIG0030", "[LossRecipe]\n[LossTerm.CePerformance(1)]\n[LossTerm.MedianNorm(0 / 2.0)]\npublic partial class C { }\n", "[LossRecipe]\n[LossTerm.CePerformance(1)]\npublic partial class C { }\n")]
    [InlineData("JIG0043", "[LossRecipe(DistillationLayer = 2, Truncate = true)]\n[LossTerm.L2Performance(1)]\n[LossTerm.CePerformance(1)]\npublic partial class C { }\n", "[LossRecipe(DistillationLayer = 2, Truncate = true)]\n[LossTerm.L2Performance(1)]\npublic partial class C { }\n")]
    [InlineData("JIG0061", "[LossRecipe]\npublic partial class C { [LossTerm(1)] static Tensor? F(TransformStds s) => s.Value; }\n", "[LossRecipe]\npublic partial class C { [LossTerm(1)] static Tensor F(TransformStds s) => s.Value; }\n")]
    [InlineData("JIG0061", "[LossRecipe]\npublic partial class C { [LossTerm(1)] static double F(TransformStds s) => 1; }\n", "[LossRecipe]\npublic partial class C { [LossTerm(1)] static Tensor F(TransformStds s) => 1; }\n")]
    [InlineData("JIG0063", "[LossRecipe]\npublic partial class C { [LossTerm(1)] static Tensor F(TransformStds s, TransformStds t) => s.Value; }\n", "[LossRecipe]\npublic partial class C { [LossTerm(1)] static Tensor F(TransformStds s) => s.Value; }\n")]
    [InlineData("JIG0064", "[LossRecipe]\npublic partial class C { [LossTerm(1)] static Tensor F(in TransformStds s) => s.Value; }\n", "[LossRecipe]\npublic partial class C { [LossTerm(1)] static Tensor F(TransformStds s) => s.Value; }\n")]
    [InlineData("JIG0064", "[LossRecipe]\npublic partial class C { [LossTerm(1)] static Tensor F(TransformStds s = default) => s.Value; }\n", "[LossRecipe]\npublic partial class C { [LossTerm(1)] static Tensor F(TransformStds s) => s.Value; }\n")]
    [InlineData("JIG0009", "[LossRecipe]\n[Jigsaw.LossTerms(typeof(S))]\n[Jigsaw.LossTerms(typeof(S))]\npublic partial class C { }\nstatic class S { [LossTerm(1)] internal static Tensor F(TransformStds s) => s.Value; }\n", "[LossRecipe]\n[Jigsaw.LossTerms(typeof(S))]\npublic partial class C { }\nstatic class S { [LossTerm(1)] internal static Tensor F(TransformStds s) => s.Value; }\n")]
    [InlineData("JIG0071", "[LossRecipe]\n[LossTerms(typeof(S))]\npublic partial class C { }\nstatic class S\n{\n    // A floor.\n    [LossTerm(1)]\n    private static Tensor F(TransformStds s) => s.Value;\n}\n", "[LossRecipe]\n[LossTerms(typeof(S))]\npublic partial class C { }\nstatic class S\n{\n    // A floor.\n    [LossTerm(1)]\n    internal static Tensor F(TransformStds s) => s.Value;\n}\n")]
    [InlineData("JIG0071", "[LossRecipe]\n[LossTerms(typeof(S))]\npublic partial class C { }\nclass S { [LossTerm(1)] static Tensor F(TransformStds s) => s.Value; }\n", "[LossRecipe]\n[LossTerms(typeof(S))]\npublic partial class C { }\nclass S { [LossTerm(1)] internal static Tensor F(TransformStds s) => s.Value; }\n")]
    [InlineData("JIG0071", "[LossRecipe]\n[LossTerms(typeof(S))]\npublic partial class C { }\nclass S { [LossTerm(1)] protected private static Tensor F(TransformStds s) => s.Value; }\n", "[LossRecipe]\n[LossTerms(typeof(S))]\npublic partial class C { }\nclass S { [LossTerm(1)] internal static Tensor F(TransformStds s) => s.Value; }\n")]
    [InlineData("JIG0026", "[LossRecipe]\n[LossTerm.CePerformance((int)1.5)]\npublic partial class C { }\n", "[LossRecipe]\n[LossTerm.CePerformance(1.5)]\npublic partial class C { }\n")]
    [InlineData("JIG0026", "[LossRecipe]\n[LossTerm.CePerformance(1u / 2ul)]\npublic partial class C { }\n", "[LossRecipe]\n[LossTerm.CePerformance(1u / 2.0)]\npublic partial class C { }\n")]
    [InlineData("JIG0026", "public static class Numbers { public const double Half = 1 / 2; }\n[LossRecipe]\n[LossTerm.CePerformance(Numbers.Half)]\npublic partial class C { }\n", "public static class Numbers { public const double Half = 1 / 2.0; }\n[LossRecipe]\n[LossTerm.CePerformance(Numbers.Half)]\npublic partial class C { }\n")]
    public void A_fix(string id, string wrong, string right)
    {
        const string Usings = "using Jigsaw;\nusing static TorchSharp.torch;\n";

        Assert.Equal(Usings + right, Fixing.Apply(Usings + wrong, id));
    }

    [Fact]
    public void A_layer_is_named_in_the_part_that_has_the_recipe()
    {
        var changed = Fixing.ApplyTo(["using Jigsaw;\n[LossTerm.L2Performance(1)]\npublic partial class C { }\n", "using Jigsaw;\n[LossRecipe]\npublic partial class C { }\n"], "JIG0040");

        Assert.Equal(["using Jigsaw;\n[LossTerm.L2Performance(1)]\npublic partial class C { }\n", "using Jigsaw;\n[LossRecipe(DistillationLayer = 0)]\npublic partial class C { }\n"], changed!);
    }

    [Fact]
    public void A_shared_term_is_made_internal_in_the_file_of_its_class()
    {
        const string Recipe = "using Jigsaw;\n[LossRecipe]\n[LossTerms(typeof(S))]\npublic partial class C { }\n";

        var changed = Fixing.ApplyTo([Recipe, "using Jigsaw;\nstatic class S { [LossTerm(1)] private static TorchSharp.torch.Tensor F(TransformStds s) => s.Value; }\n"], "JIG0071");

        Assert.Equal([Recipe, "using Jigsaw;\nstatic class S { [LossTerm(1)] internal static TorchSharp.torch.Tensor F(TransformStds s) => s.Value; }\n"], changed!);
    }

    [GeneratedRegex("^//~* *~*\n", RegexOptions.Multiline)]
    private static partial Regex Marker();
}
