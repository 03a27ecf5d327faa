using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;
using DiffPlex.DiffBuilder;
using DiffPlex.DiffBuilder.Model;
using Jigsaw.Generators.Tests.Compiling;

namespace Jigsaw.Generators.Tests.Snapshots;

/// <summary>
/// Compares generated files with verified ones, named <c>Class.Method#Hint.verified.cs</c> as Verify does, and asserts in the same call that the
/// program compiles without any diagnostic. On a difference the received file is written beside the verified one; to accept it, rename it.
/// </summary>
internal static class Snapshot
{
    public static void Verify(Compiled compiled, [CallerFilePath] string file = "", [CallerMemberName] string method = "")
    {
        Assert.Empty(compiled.Diagnostics);
        var folder = Path.GetDirectoryName(file)!;
        var prefix = $"{Path.GetFileNameWithoutExtension(file)}.{method}";
        var expected = Directory.EnumerateFiles(folder, $"{prefix}#*.verified.cs").Select(Path.GetFileName).ToHashSet();
        var failures = new StringBuilder();
        foreach (var generated in compiled.Files)
        {
            var name = $"{prefix}#{Path.GetFileNameWithoutExtension(generated.HintName)}";
            expected.Remove(name + ".verified.cs");
            var received = Scrubbed($"//HintName: {generated.HintName}\n{generated.SourceText}");
            var verifiedPath = Path.Combine(folder, name + ".verified.cs");
            var receivedPath = Path.Combine(folder, name + ".received.cs");
            var verified = File.Exists(verifiedPath) ? File.ReadAllText(verifiedPath).ReplaceLineEndings("\n") : "";
            File.Delete(receivedPath);
            if (verified != received)
            {
                File.WriteAllText(receivedPath, received);
                failures.Append(name).Append(".verified.cs\n").Append(Difference(verified, received)).Append('\n');
            }
        }

        foreach (var missing in expected)
        {
            failures.Append(missing).Append(" is verified, but was not generated.\n");
        }

        if (failures.Length > 0)
        {
            Assert.Fail(failures.ToString());
        }
    }

    /// <summary>The lines that differ, with two lines around them.</summary>
    public static string Difference(string verified, string received)
    {
        const int Context = 2;
        var lines = InlineDiffBuilder.Diff(verified, received).Lines;
        var near = new bool[lines.Count];
        for (var i = 0; i < lines.Count; i++)
        {
            if (lines[i].Type != ChangeType.Unchanged)
            {
                near.AsSpan(Math.Max(0, i - Context)..Math.Min(lines.Count, i + Context + 1)).Fill(true);
            }
        }

        var text = new StringBuilder();
        for (var i = 0; i < lines.Count; i++)
        {
            if (near[i])
            {
                var mark = lines[i].Type switch { ChangeType.Inserted => "+ ", ChangeType.Deleted => "- ", _ => "  " };
                text.Append(mark).Append(lines[i].Text).Append('\n');
            }
        }

        return text.ToString();
    }

    /// <summary>The version is no part of a snapshot.</summary>
    private static string Scrubbed(string source)
    {
        var version = typeof(RecipeGenerator).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];
        return source.Replace($"by Jigsaw {version};", "by Jigsaw {version};", StringComparison.Ordinal).Replace($"(\"Jigsaw\", \"{version}\")", "(\"Jigsaw\", \"{version}\")", StringComparison.Ordinal);
    }
}
