using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Jigsaw.Package.Tests;

/// <summary>A program as it is shipped, trimmed, trains, saves and resumes.</summary>
public sealed partial class PublishTests(PackedJigsaw package) : IClassFixture<PackedJigsaw>
{
    private static readonly string _model = Path.Combine(PackedJigsaw.RepositoryRoot, "samples", "models", "support-lm");

    [Fact]
    public Task A_trimmed_program_trains_saves_and_resumes() => Publishes("trimmed", "PublishTrimmed");

    private async Task Publishes(string name, string property)
    {
        // Assemblies of others may be unfit for trimming, which is one warning for each of them; Jigsaw's have none.
        var project = new PackageProject(
            package,
            name,
            $"<{property}>true</{property}><SelfContained>true</SelfContained><RuntimeIdentifier>{PackageProject.Platform}</RuntimeIdentifier><InvariantGlobalization>true</InvariantGlobalization><CreateHardLinksForPublishFilesIfPossible>true</CreateHardLinksForPublishFilesIfPossible><WarningsNotAsErrors>$(WarningsNotAsErrors);IL2104;IL3053</WarningsNotAsErrors>",
            PackageProject.LibTorch);
        project.Write("Program.cs", GettingStartedTests.Program.Replace("trainer.Run(", "Console.WriteLine($\"resumed: {trainer.Resume()}\");\ntrainer.Run(", StringComparison.Ordinal).Replace("Steps = 20", "Steps = int.Parse(args[1])", StringComparison.Ordinal));

        var (published, log) = await DotnetCommand.Run(project.Folder, ["publish", "-o", "published"]);

        Assert.True(published == 0, log);
        Assert.All(Warning().Matches(log), warning => Assert.Matches("warning IL(2104|3053): Assembly '(?!Jigsaw)", warning.Value));
        Assert.Contains("resumed: False", await Run(project, name), StringComparison.Ordinal);
        var output = await Run(project, name);
        Assert.Contains("resumed: True", output, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(project.Folder, "transform", "sgt.safetensors")), output);
        Assert.True(File.Exists(Path.Combine(project.Folder, "adapter", "adapter_config.json")), output);
    }

    private static async Task<string> Run(PackageProject project, string name)
    {
        var file = Path.Combine(project.Folder, "published", OperatingSystem.IsWindows() ? name + ".exe" : name);
        using var process = Process.Start(new ProcessStartInfo(file, [_model, "4"]) { WorkingDirectory = project.Folder, RedirectStandardOutput = true, RedirectStandardError = true })!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        var said = await output + await error;
        Assert.True(process.ExitCode == 0, said);
        return said;
    }

    [GeneratedRegex("warning [A-Z]+[0-9]+: .*")]
    private static partial Regex Warning();
}
