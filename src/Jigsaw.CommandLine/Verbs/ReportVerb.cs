using Jigsaw.Checkpoints;
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
        var runs = settings.Runs.Select(folder => RunReader.Read(folder, settings.Chat)).ToArray();
        foreach (var problem in runs.SelectMany(run => run.Problems.Select(problem => $"{run.Folder}: {problem}")))
        {
            context.Output.Fail(problem);
        }

        var blocks = RunReport.Of(runs, recipes, []);
        var file = settings.ReportFile ?? Path.Combine(runs[0].Folder, settings.Markdown ? "report.md" : "report.html");
        AtomicFile.WriteText(file, settings.Markdown ? MarkdownReport.Of(blocks) : HtmlReport.Of(blocks));
        context.Output.Say($"Report: {file}");
        return JigsawExitCode.Success;
    }
}
