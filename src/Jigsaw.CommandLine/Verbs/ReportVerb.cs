using Jigsaw.Checkpoints;
using Jigsaw.CommandLine.Options;
using Jigsaw.CommandLine.Recipes;
using Jigsaw.CommandLine.Reporting;
using Jigsaw.CommandLine.Running;

namespace Jigsaw.CommandLine.Verbs;

/// <summary><c>report</c>.</summary>
internal static class ReportVerb
{
    internal static int Run(RunContext context, IReadOnlyList<ProgramRecipe> recipes)
    {
        var settings = context.Settings;
        var sweeps = settings.Runs.Where(SweepVerb.IsSweep).ToDictionary(path => path, SweepVerb.Runs);
        var runs = settings.Runs.SelectMany(path => sweeps.TryGetValue(path, out var sweep) ? sweep.Folders : [path]).Distinct().Select(folder => RunReader.Read(folder, settings.Chat)).ToArray();
        if (runs.Length == 0)
        {
            throw new ArgumentException($"{string.Join(", ", settings.Runs)} has no trial that is done; run the sweep first.");
        }

        foreach (var problem in runs.SelectMany(run => run.Problems.Select(problem => $"{run.Folder}: {problem}")))
        {
            context.Output.Fail(problem);
        }

        var file = settings.ReportFile ?? Path.Combine(sweeps.Count == 0 ? runs[0].Folder : FolderOf(sweeps.Keys.First()), settings.Markdown ? "report.md" : "report.html");
        RequireReport(file);
        AtomicFile.RequireWritable(Path.GetDirectoryName(Path.GetFullPath(file))!);
        var blocks = RunReport.Of(runs, recipes, sweeps.Count == 1 ? sweeps.Values.Single().Objectives : []);
        AtomicFile.WriteText(file, settings.Markdown ? MarkdownReport.Of(blocks) : HtmlReport.Of(blocks));
        context.Output.Say($"Report: {file}");
        return JigsawExitCode.Success;
    }

    /// <summary>Refuses to replace a file that is no report, such as one of the run.</summary>
    private static void RequireReport(string file)
    {
        if (Directory.Exists(file))
        {
            throw new UsageException($"--output is {file}, which is a folder; name a file.");
        }

        if (!File.Exists(file))
        {
            return;
        }

        using var reader = File.OpenText(file);
        if (reader.ReadLine() is { } first && first != HtmlReport.FirstLine && !first.StartsWith(MarkdownReport.FirstMark, StringComparison.Ordinal))
        {
            throw new UsageException($"--output is {file}, which is there and is no report; name another file, or remove it.");
        }
    }

    private static string FolderOf(string sweep) => Directory.Exists(sweep) ? sweep : Path.GetDirectoryName(Path.GetFullPath(sweep))!;
}
