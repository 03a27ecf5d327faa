using System.Reflection;
using Jigsaw.Generators.Rules;
using Jigsaw.Generators.Tests.Rules;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Jigsaw.Generators.Tests.Compiling;

public class GeneratorAloneTests
{
    public static TheoryData<string> Errors { get; } = [.. Descriptors.ById.Keys.Where(id => Descriptors.IsError(id) && id is not ("JIG0007" or "JIG0008")).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Errors))]
    public void Where_no_analyzer_runs_the_generator_reports_the_error_in_its_place(string id)
    {
        var source = DiagnosticPageTests.Blocks(id)[0];
        var analyzed = Compiled.Of(source).Diagnostics.First(diagnostic => diagnostic.Id == id);

        foreach (var property in (string[])["RunAnalyzers", "RunAnalyzersDuringBuild"])
        {
            var options = new BuildProperties(("RunAnalyzers", property == "RunAnalyzers" ? "False" : ""), ("RunAnalyzersDuringBuild", property == "RunAnalyzers" ? "" : "false"));
            var reported = Assert.Single(Run(source, options).Diagnostics);

            Assert.Equal((analyzed.Id, analyzed.GetMessage(null), analyzed.Location.GetLineSpan()), (reported.Id, reported.GetMessage(null), reported.Location.GetLineSpan()));
        }
    }

    [Theory]
    [MemberData(nameof(Errors))]
    public void Where_analyzers_run_the_generator_is_silent(string id) => Assert.Empty(Run(DiagnosticPageTests.Blocks(id)[0], BuildProperties.AnalyzersRun).Diagnostics);

    [Theory]
    [InlineData("static class Terms { [LossTerm(-1)] internal static torch.Tensor Own(TransformStds s) => s; }", "JIG0020 Own")]
    [InlineData("static class Terms { [LossTerm(1)] internal static torch.Tensor Own(int x) => null!; }", "JIG0062 Own")]
    [InlineData("static partial class Terms { [LossTerm(1)] internal static torch.Tensor Own(int x) => null!; }\npartial class Terms { [LossTerm(-1)] internal static torch.Tensor Other(TransformStds s) => s; }", "JIG0020 Other, JIG0062 Own")]
    [InlineData("static class Others { [LossTerm(-1)] internal static torch.Tensor Own(TransformStds s) => s; }", "JIG0002 Others")]
    [InlineData("public static class Others { [LossTerm(-1)] public static torch.Tensor Own(TransformStds s) => s; }", "JIG0020 Own")]
    public void Of_shared_terms_the_generator_alone_reports_what_the_analyzer_does(string declared, string expected)
    {
        var shared = declared.Contains("Terms", StringComparison.Ordinal) ? "[LossTerms(typeof(Terms))] " : "";
        var source = $"using Jigsaw;\nusing TorchSharp;\n[LossRecipe, LossTerm.CePerformance(1)] {shared}partial class First {{ [LossTerm(1)] private static torch.Tensor OfFirst(TransformStds s) => s; }}\n[LossRecipe, LossTerm.CePerformance(1)] {shared}partial class Second {{ [LossTerm(1)] private static torch.Tensor OfSecond(TransformStds s) => s; }}\n{declared}";
        var lines = source.Split('\n');
        string Said(Diagnostic diagnostic) => $"{diagnostic.Id} {diagnostic.GetMessage(null)} {diagnostic.Location.GetLineSpan()}";

        var analyzed = Compiled.Of(source).Diagnostics;
        var reported = Run(source, new BuildProperties(("RunAnalyzers", "false"))).Diagnostics;

        Assert.Equal(analyzed.Select(Said).Order(StringComparer.Ordinal), reported.Select(Said).Order(StringComparer.Ordinal));
        Assert.Equal(expected.Split(", ").Select(one => one.Split(' ')[0]), reported.Select(diagnostic => diagnostic.Id).Order(StringComparer.Ordinal));
        Assert.All(expected.Split(", "), one => Assert.Contains(reported, diagnostic => diagnostic.Id == one.Split(' ')[0] && lines[diagnostic.Location.GetLineSpan().StartLinePosition.Line].Contains(one.Split(' ')[1], StringComparison.Ordinal)));
    }

    [Fact]
    public void A_recipe_with_an_error_throws_its_sentences()
    {
        var assembly = Compiled.Load(Compiled.Compile(["using Jigsaw;\n[LossRecipe]\n[LossTerm.CePerformance(-1)]\n[LossTerm.StdLogRatio(1)]\npublic partial class Chat { }"]));

        var thrown = Assert.Throws<TargetInvocationException>(() => assembly.GetType("Chat")!.GetProperty("Plan")!.GetValue(null)).InnerException;

        Assert.Equal("The recipe Chat was built with errors: JIG0020: Weight of 'CePerformance' is -1, but it is added to the loss, which makes the term's value smaller; use a finite number that is at least 0.", thrown!.Message);
    }

    [Fact]
    public void Initializers_of_a_recipe_may_use_its_plan_and_its_defaults()
    {
        var assembly = Compiled.Load(Compiled.Compile(
        [
            "using Jigsaw;\n[LossRecipe]\n[LossTerm.CePerformance(1)]\n[LossTerm.StdLogRatio(1)]\npublic partial class Chat { public static readonly Hyperparameters Tuned = Defaults with { CePerformanceWeight = 0.5 }; public static readonly int Passes = Plan.Passes.Count; }",
        ]));
        var chat = assembly.GetType("Chat")!;

        Assert.Equal(2, chat.GetField("Passes")!.GetValue(null));
        Assert.Equal(0.5, chat.GetNestedType("Hyperparameters")!.GetProperty("CePerformanceWeight")!.GetValue(chat.GetField("Tuned")!.GetValue(null)));
    }

    [Fact]
    public void A_file_has_a_name_that_file_systems_take()
    {
        var name = string.Concat(Enumerable.Repeat("項目", 60));

        var file = Run($"using Jigsaw;\n[LossRecipe]\n[LossTerm.CePerformance(1)]\n[LossTerm.StdLogRatio(1)]\npublic partial class {name} {{ }}", BuildProperties.AnalyzersRun).Results[0].GeneratedSources.Single();

        Assert.InRange(System.Text.Encoding.UTF8.GetByteCount(file.HintName), 1, 200);
    }

    private static GeneratorDriverRunResult Run(string source, BuildProperties options) =>
        CSharpGeneratorDriver.Create([new RecipeGenerator().AsSourceGenerator()], parseOptions: Compiled.Parsing, optionsProvider: options).RunGenerators(Compiled.Compile([source])).GetRunResult();
}
