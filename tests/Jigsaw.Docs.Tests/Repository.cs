using System.Diagnostics;

namespace Jigsaw.Docs.Tests;

/// <summary>The files of this repository, with paths relative to its root and written with slashes.</summary>
internal static class Repository
{
    private static readonly string[] _outputs = ["bin", "obj", ".git", ".vs", "artifacts", "TestResults", "runs"];

    public static string Root { get; } = FindRoot();

    public static IReadOnlyList<string> Files { get; } = Tracked() ?? Present();

    public static IEnumerable<string> Pages { get; } =
        Files.Where(file => file.EndsWith(".md", StringComparison.Ordinal) && !file.Contains("/Data/", StringComparison.Ordinal)).ToArray();

    public static string Read(string file) => File.ReadAllText(Path.Combine(Root, file));

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Jigsaw.sln")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException("The tests of the docs run inside the repository, below the folder of Jigsaw.sln.");
    }

    private static string[]? Tracked()
    {
        try
        {
            using var git = Process.Start(new ProcessStartInfo("git", ["ls-files", "-z"]) { WorkingDirectory = Root, RedirectStandardOutput = true, RedirectStandardError = true })!;
            var listed = git.StandardOutput.ReadToEnd();
            git.WaitForExit();

            // A file that is deleted but not yet committed is still listed.
            return git.ExitCode == 0 ? [.. listed.Split('\0', StringSplitOptions.RemoveEmptyEntries).Where(file => File.Exists(Path.Combine(Root, file)))] : null;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }

    // A source archive has no git folder.
    private static string[] Present() =>
    [
        .. Directory.EnumerateFiles(Root, "*", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(Root, file).Replace('\\', '/'))
            .Where(file => !file.Split('/').Intersect(_outputs).Any()),
    ];
}
