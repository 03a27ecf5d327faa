using System.Text.RegularExpressions;

namespace Jigsaw.Package.Tests;

/// <summary>The page for beginners, run as it is written.</summary>
public sealed partial class GettingStartedTests(PackedJigsaw package) : IClassFixture<PackedJigsaw>
{
    private static readonly string _model = Path.Combine(PackedJigsaw.RepositoryRoot, "samples", "models", "support-lm");

    private static string Page { get; } = File.ReadAllText(Path.Combine(PackedJigsaw.RepositoryRoot, "docs", "getting-started.md")).ReplaceLineEndings("\n");

    internal static string Program { get; } = Block().Matches(Page).Single(block => block.Groups["language"].Value == "csharp").Groups["code"].Value;

    [Fact]
    public async Task The_five_commands_end_with_a_loss_on_the_screen()
    {
        var commands = Block().Matches(Page).First(block => block.Groups["language"].Value == "sh").Groups["code"].Value.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(5, commands.Length);
        Assert.StartsWith("dotnet pack src/Jigsaw ", commands[0], StringComparison.Ordinal);
        var folder = package.NewFolder("started");
        File.WriteAllText(Path.Combine(folder, "nuget.config"), PackageProject.Source(package));
        PackageProject.LinksLibraries(folder);
        var output = "";
        foreach (var command in commands[1..])
        {
            // What the first command makes is made once for all of these tests, under a version of its own.
            var words = command.Replace("--version 0.1.0 --source artifacts", $"--version {package.Version}", StringComparison.Ordinal)
                .Replace("linux-x64", PackageProject.Platform, StringComparison.Ordinal).Replace("samples/models/support-lm", "@model", StringComparison.Ordinal).Split(' ');
            if (command == commands[^1])
            {
                File.WriteAllText(Path.Combine(folder, "support", "Program.cs"), Program);
            }

            output = await DotnetCommand.Succeed(folder, [.. words[1..].Select(word => word == "@model" ? _model : word)]);
        }

        Assert.Matches("step 20: loss -?[0-9.,]+", output);
        Assert.True(File.Exists(Path.Combine(folder, "transform", "sgt.safetensors")));
        Assert.True(File.Exists(Path.Combine(folder, "adapter", "adapter_config.json")));
    }

    [Fact]
    public async Task A_program_of_one_file_trains_saves_and_resumes_without_reflection()
    {
        var folder = package.NewFolder("one-file");
        File.WriteAllText(Path.Combine(folder, "nuget.config"), PackageProject.Source(package));
        File.WriteAllText(Path.Combine(folder, "save.cs"), $"""
            #:package Jigsaw@{package.Version}
            #:package libtorch-cpu-{PackageProject.Platform}@{PackedJigsaw.LibTorchVersion}
            #:property CreateHardLinksForCopyLocalIfPossible=true

            """ + Program.Replace("trainer.Run(", "Console.WriteLine($\"resumed: {trainer.Resume()}\");\ntrainer.Run(", StringComparison.Ordinal).Replace("Steps = 20", "Steps = int.Parse(args[1])", StringComparison.Ordinal));

        Assert.Contains("resumed: False", await DotnetCommand.Succeed(folder, "run", "save.cs", "--", _model, "4"), StringComparison.Ordinal);
        Assert.Contains("resumed: True", await DotnetCommand.Succeed(folder, "run", "save.cs", "--", _model, "4"), StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(folder, "transform", "sgt_config.json")));
    }

    [GeneratedRegex("^```(?<language>sh|csharp)\n(?<code>.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Block();
}
