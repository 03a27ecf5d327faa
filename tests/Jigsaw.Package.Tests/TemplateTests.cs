using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Jigsaw.Package.Tests;

public sealed partial class TemplateTests(PackedJigsaw package) : IClassFixture<PackedJigsaw>
{
    [Fact]
    public async Task A_program_made_of_the_template_builds_trains_and_holds_its_recipe()
    {
        await package.Pack(package.Feed, "src/Jigsaw.Client");
        await package.Pack(package.Feed, "src/Jigsaw.CommandLine");
        await package.Pack(package.Feed, "src/Jigsaw.Testing");
        await package.Pack(package.Feed, "src/Jigsaw.Templates");
        var (folder, hive) = (package.NewFolder("template"), package.NewFolder("hive"));
        File.WriteAllText(Path.Combine(folder, "nuget.config"), package.Sources);
        PackageProject.LinksLibraries(folder);
        await New(folder, hive, "install", Path.Combine(package.Feed, $"Jigsaw.Templates.{package.Version}.nupkg"));
        await New(folder, hive, "jigsaw", "-n", "ChatApp", "-o", folder, "--jigsaw-version", package.Version);

        var (built, log) = await DotnetCommand.Run(folder, "build");
        Assert.True(built == 0, log);
        Assert.Contains("0 Warning(s)", log, StringComparison.Ordinal);
        var program = Path.Combine("bin", "Debug", "net10.0", "ChatApp.dll");
        var trained = await DotnetCommand.Succeed(folder, program, "train", "--steps", "10", "--batch", "4", "--log-every", "5");
        Assert.Contains("step   10/10", trained, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(folder, "runs", "chatapp", "transform", "sgt.safetensors")));

        await New(folder, hive, "jigsaw-recipe", "-n", "ShortRecipe");
        Assert.Contains("namespace ChatApp;", File.ReadAllText(Path.Combine(folder, "ShortRecipe.cs")), StringComparison.Ordinal);
        File.WriteAllText(Path.Combine(folder, "Program.cs"), """
            using ChatApp;
            using Jigsaw.CommandLine;

            return await new JigsawProgram().Add<ChatRecipe>().Add<ShortRecipe>().RunAsync(args);
            """);
        var (code, tested) = await DotnetCommand.Run(folder, "test", "tests");
        Assert.True(code == 0, tested + Received(folder));
        File.WriteAllText(Path.Combine(folder, "ChatRecipe.cs"), File.ReadAllText(Path.Combine(folder, "ChatRecipe.cs")).Replace("CeProtection(0.1,", "CeProtection(0.25,", StringComparison.Ordinal));
        (code, tested) = await DotnetCommand.Run(folder, "test", "tests");
        Assert.NotEqual(0, code);
        Assert.Contains("- jigsaw_ce_protection_loss_weight: 0.1", tested, StringComparison.Ordinal);
        Assert.Contains("+ jigsaw_ce_protection_loss_weight: 0.25", tested, StringComparison.Ordinal);
        (code, tested) = await DotnetCommand.Run(folder, "test", "tests", "--no-build", "-e", "JIGSAW_ACCEPT_SNAPSHOTS=1", "-e", "CI=");
        Assert.True(code == 0, tested);
        (code, tested) = await DotnetCommand.Run(folder, "test", "tests", "--no-build");
        Assert.True(code == 0, tested + Received(folder));
        Assert.Contains("Recipe short.", await DotnetCommand.Succeed(folder, program, "plan", "--recipe", "short"), StringComparison.Ordinal);
    }

    [Fact]
    public void The_template_takes_the_packages_of_its_own_version()
    {
        using var template = JsonDocument.Parse(File.ReadAllText(Path.Combine(PackedJigsaw.RepositoryRoot, "src", "Jigsaw.Templates", "content", "jigsaw", ".template.config", "template.json")));
        Assert.Contains($"<Version>{template.RootElement.GetProperty("symbols").GetProperty("jigsaw-version").GetProperty("defaultValue").GetString()}</Version>", File.ReadAllText(Path.Combine(PackedJigsaw.RepositoryRoot, "Directory.Build.props")), StringComparison.Ordinal);
        Assert.Contains($"Version=\"{PackedJigsaw.LibTorchVersion}\"", File.ReadAllText(Path.Combine(PackedJigsaw.RepositoryRoot, "src", "Jigsaw.Templates", "content", "jigsaw", "JigsawApp.csproj")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_package_for_tests_depends_on_no_framework_of_tests()
    {
        var folder = package.NewFolder("testing");
        await package.Pack(folder, "src/Jigsaw.Testing");
        var entries = PackedJigsaw.Entries(Path.Combine(folder, $"Jigsaw.Testing.{package.Version}.nupkg"));
        var nuspec = Encoding.UTF8.GetString(entries["Jigsaw.Testing.nuspec"]);

        // Those of the package Jigsaw stand here, too, since versions are pinned centrally.
        var dependencies = Dependency().Matches(nuspec).Select(match => match.Groups[1].Value).ToArray();
        Assert.Superset(new HashSet<string> { "DiffPlex", "Jigsaw" }, new HashSet<string>(dependencies));
        Assert.DoesNotContain("Jigsaw.Runtime", dependencies);
        Assert.DoesNotContain(dependencies, name => name.Contains("xunit", StringComparison.OrdinalIgnoreCase) || name.Contains("NUnit", StringComparison.OrdinalIgnoreCase) || name.Contains("Test", StringComparison.Ordinal));
        Assert.Equal(
            ["build/net10.0/Jigsaw.Testing.props", "build/net10.0/Jigsaw.Testing.targets", "lib/net10.0/Jigsaw.Testing.dll", "lib/net10.0/Jigsaw.Testing.xml"],
            entries.Keys.Where(name => name.StartsWith("lib/", StringComparison.Ordinal) || name.StartsWith("build/", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_test_of_any_framework_compares_what_is_generated()
    {
        await package.Pack(package.Feed, "src/Jigsaw.Testing");
        var project = new PackageProject(package, "snapshots", "<ContinuousIntegrationBuild>true</ContinuousIntegrationBuild>", $"{PackageProject.LibTorch}<PackageReference Include=\"Jigsaw.Testing\" Version=\"{package.Version}\" />");
        project.Write("Program.cs", """
            using Jigsaw;
            using Jigsaw.Testing;

            try
            {
                Tests.Compare();
            }
            catch (SnapshotException difference)
            {
                Console.WriteLine(difference.Message);
            }

            public static class Tests
            {
                public static void Compare() => Snapshot.VerifyGenerated(typeof(ChatRecipe));
            }

            [LossRecipe]
            [LossTerm.CePerformance(1)]
            [LossTerm.AbsoluteCosineSimilarity(0.5)]
            public partial class ChatRecipe;
            """);

        await project.Builds();
        Assert.StartsWith("There is no verified file yet: Program.Compare#ChatRecipe.g.verified.cs.", (await project.Run()).Output, StringComparison.Ordinal);
        var received = Path.Combine(project.Folder, "Program.Compare#ChatRecipe.g.received.cs");
        File.WriteAllText(received.Replace("received", "verified", StringComparison.Ordinal), File.ReadAllText(received).ReplaceLineEndings("\r\n"));
        await project.Builds();
        Assert.Equal((0, ""), await project.Run());
        Assert.False(File.Exists(received));
    }

    [Fact]
    public async Task The_package_of_the_program_depends_on_the_package_of_the_libraries()
    {
        var folder = package.NewFolder("program");
        await package.Pack(folder, "src/Jigsaw.CommandLine");
        var entries = PackedJigsaw.Entries(Path.Combine(folder, $"Jigsaw.CommandLine.{package.Version}.nupkg"));
        var nuspec = Encoding.UTF8.GetString(entries["Jigsaw.CommandLine.nuspec"]);
        Assert.Contains($"id=\"Jigsaw\" version=\"{package.Version}\"", nuspec, StringComparison.Ordinal);
        Assert.Contains($"id=\"Jigsaw.Client\" version=\"{package.Version}\"", nuspec, StringComparison.Ordinal);
        Assert.DoesNotContain("id=\"Jigsaw.Runtime\"", nuspec, StringComparison.Ordinal);
        Assert.Equal(["lib/net10.0/Jigsaw.CommandLine.dll", "lib/net10.0/Jigsaw.CommandLine.xml"], entries.Keys.Where(name => name.StartsWith("lib/", StringComparison.Ordinal)));
    }

    [GeneratedRegex("<dependency id=\"([^\"]*)\"")]
    private static partial Regex Dependency();

    private static async Task New(string folder, string hive, params string[] arguments) =>
        await DotnetCommand.Succeed(folder, ["new", .. arguments, "--debug:custom-hive", hive]);

    private static string Received(string folder) =>
        string.Concat(Directory.EnumerateFiles(Path.Combine(folder, "tests"), "*.received.txt").Select(File.ReadAllText));
}
