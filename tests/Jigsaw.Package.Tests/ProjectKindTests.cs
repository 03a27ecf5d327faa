namespace Jigsaw.Package.Tests;

/// <summary>The package in projects of kinds that are not the usual one.</summary>
public sealed class ProjectKindTests(PackedJigsaw package) : IClassFixture<PackedJigsaw>
{
    private const string Recipe = """
        [Jigsaw.LossRecipe]
        [Jigsaw.LossTerm.CePerformance(1)]
        [Jigsaw.LossTerm.AbsoluteCosineSimilarity(0.5)]
        public partial class ChatRecipe { }
        """;

    [Fact]
    public async Task A_test_project_that_sees_the_internals_of_a_program_builds_with_warnings_as_errors()
    {
        var app = new PackageProject(package, "app", PackageProject.NeverRuns, "<InternalsVisibleTo Include=\"app-tests\" />");
        app.Write("Program.cs", "System.Console.WriteLine(ChatRecipe.Plan);\n" + Recipe);
        var tests = new PackageProject(package, "app-tests", PackageProject.NeverRuns + "<GenerateProgramFile>false</GenerateProgramFile>", $"<ProjectReference Include=\"{Path.Combine(app.Folder, "app.csproj")}\" />");
        tests.Write("Tests.cs", "internal static class Tests { private static void Main() => System.Console.WriteLine(ChatRecipe.Defaults); }");

        await tests.Builds();
    }

    [Fact]
    public async Task An_older_framework_is_refused_by_NuGet()
    {
        var project = new PackageProject(package, "older", framework: "net8.0", isProgram: false);
        project.Write("Recipe.cs", Recipe);

        var (code, log) = await project.Build();

        Assert.NotEqual(0, code);
        Assert.Contains("NU1202", log, StringComparison.Ordinal);
        Assert.DoesNotContain("error CS", log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_program_without_libtorch_gets_a_warning_that_names_the_package()
    {
        var project = new PackageProject(package, "bare", "<TreatWarningsAsErrors>false</TreatWarningsAsErrors>");
        project.Write("Program.cs", "System.Console.WriteLine(TorchSharp.torch.zeros(1));\n" + Recipe);

        var (code, log) = await project.Build();
        Assert.True(code == 0, log);
        Assert.Contains($"warning JIG1001: No package of this program brings libtorch, so it can't make a tensor; add libtorch-cpu-", log, StringComparison.Ordinal);
        Assert.Contains("1 Warning(s)", log, StringComparison.Ordinal);

        var (ran, output) = await project.Run();
        Assert.NotEqual(0, ran);
        Assert.Contains("libtorch", output, StringComparison.Ordinal);
        Assert.DoesNotContain("GLIBCXX", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("RunAnalyzers")]
    [InlineData("RunAnalyzersDuringBuild")]
    public async Task Errors_of_a_recipe_break_a_build_without_analyzers(string property)
    {
        var project = new PackageProject(package, "unanalyzed-" + property, PackageProject.NeverRuns + $"<{property}>false</{property}>");
        project.Write("Program.cs", "System.Console.WriteLine(ChatRecipe.Plan);\n" + Recipe.Replace("CePerformance(1)", "CePerformance(-1)", StringComparison.Ordinal));

        var (code, log) = await project.Build();

        Assert.NotEqual(0, code);
        Assert.Contains("Program.cs(3,32): error JIG0020: Weight of 'CePerformance' is -1", log, StringComparison.Ordinal);
        Assert.DoesNotContain("error CS", log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_shape_problem_hides_no_problem_of_another_recipe()
    {
        var project = new PackageProject(package, "several", PackageProject.NeverRuns);
        project.Write("Program.cs", "System.Console.WriteLine(1);\n" + Recipe.Replace("partial ", "", StringComparison.Ordinal) + Recipe.Replace("(1)", "(-1)", StringComparison.Ordinal).Replace("ChatRecipe", "OtherRecipe", StringComparison.Ordinal));

        var (_, log) = await project.Build();

        Assert.Contains("error JIG0001", log, StringComparison.Ordinal);
        Assert.Contains("error JIG0020", log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Fixes_that_guess_nothing_run_from_the_command_line_over_a_project()
    {
        var project = new PackageProject(package, "fixable", PackageProject.NeverRuns);
        project.Write("Program.cs", "System.Console.WriteLine(ChatRecipe.Plan);\n\n" + Recipe.Replace("partial ", "", StringComparison.Ordinal).Replace("(0.5)]", "(0.5)]\n[Jigsaw.LossTerms(typeof(NoiseTerms))]", StringComparison.Ordinal));
        project.Write("NoiseTerms.cs", """
            using Jigsaw;
            using static TorchSharp.torch;

            public static class NoiseTerms
            {
                [LossTerm(0.05)]
                private static Tensor NoiseFloor(TransformStds stds) => (0.5 - stds.Value).clamp_min(0).mean();
            }
            """);
        string[] format = ["format", "analyzers", "--severity", "error", "--diagnostics", "JIG0001", "JIG0071"];

        // Whether a term can be shared is asked of a recipe that is partial, so that its fix comes after the other one, whichever of the two runs first in a call.
        await DotnetCommand.Succeed(project.Folder, format);
        await DotnetCommand.Succeed(project.Folder, format);

        Assert.Contains("public partial class ChatRecipe", File.ReadAllText(Path.Combine(project.Folder, "Program.cs")), StringComparison.Ordinal);
        Assert.Contains("internal static Tensor NoiseFloor", File.ReadAllText(Path.Combine(project.Folder, "NoiseTerms.cs")), StringComparison.Ordinal);
        await project.Builds();
    }

    [Fact]
    public async Task Recipes_share_terms_of_another_project()
    {
        var terms = new PackageProject(package, "terms", isProgram: false);
        terms.Write("NoiseTerms.cs", "public static class NoiseTerms { [Jigsaw.LossTerm(0.05)] public static TorchSharp.torch.Tensor NoiseFloor(Jigsaw.TransformStds stds) => stds.Value.mean(); }");
        var app = new PackageProject(package, "sharing", items: PackageProject.LibTorch + $"<ProjectReference Include=\"{Path.Combine(terms.Folder, "terms.csproj")}\" />");
        app.Write("Program.cs", "System.Console.WriteLine(ChatRecipe.Defaults.NoiseFloorWeight);\n" + Recipe.Replace("(0.5)]", "(0.5), Jigsaw.LossTerms(typeof(NoiseTerms))]", StringComparison.Ordinal));

        await app.Builds();
        Assert.Equal((0, $"0.05{Environment.NewLine}"), await app.Run());
    }

    [Fact]
    public async Task A_CLS_compliant_library_with_every_rule_of_the_framework_builds()
    {
        var project = new PackageProject(package, "strict", "<AnalysisLevel>latest-all</AnalysisLevel><GenerateDocumentationFile>true</GenerateDocumentationFile><NoWarn>$(NoWarn);CA1014;CA1303</NoWarn>");
        project.Write("Recipe.cs", """
            [assembly: System.CLSCompliant(true)]

            namespace Strict;

            /// <summary>A recipe.</summary>
            """ + "\n" + Recipe);
        project.Write("Program.cs", """
            [assembly: System.Runtime.InteropServices.ComVisible(false)]
            System.Console.WriteLine(Strict.ChatRecipe.Plan);
            """);

        await project.Builds("-p:JigsawNativeCheck=false");
    }

    [Fact]
    public async Task An_old_version_of_CSharp_is_told_by_the_recipe_alone()
    {
        var project = new PackageProject(package, "old", PackageProject.NeverRuns + "<LangVersion>7.3</LangVersion><Nullable>disable</Nullable><ImplicitUsings>disable</ImplicitUsings>");
        project.Write("Program.cs", Recipe + "\npublic static class Program { public static void Main() { } }");

        var (_, log) = await project.Build();

        Assert.Contains("error JIG0007", log, StringComparison.Ordinal);
        Assert.DoesNotContain("error CS", log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_recipe_inside_the_class_of_top_level_statements_and_numbers_made_from_its_defaults_run()
    {
        var project = new PackageProject(package, "nested", items: PackageProject.LibTorch);
        project.Write("Program.cs", """
            System.Console.WriteLine($"{ChatRecipe.Tuned.CePerformanceWeight} {ChatRecipe.Passes}");

            public partial class Program
            {
                [Jigsaw.LossRecipe]
                [Jigsaw.LossTerm.CePerformance(1)]
                [Jigsaw.LossTerm.AbsoluteCosineSimilarity(0.5)]
                public partial class ChatRecipe
                {
                    public static readonly Hyperparameters Tuned = Defaults with { CePerformanceWeight = 0.25 };
                    public static readonly int Passes = Plan.Passes.Count;
                }
            }
            """);

        await project.Builds();
        Assert.Equal((0, $"0.25 2{Environment.NewLine}"), await project.Run());
    }
}
