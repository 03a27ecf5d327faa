namespace Jigsaw.CommandLine.Reporting;

/// <summary>A part of a report, which HTML and Markdown write each in its way.</summary>
internal abstract record ReportBlock
{
    private ReportBlock()
    {
    }

    /// <summary>A heading.</summary>
    /// <param name="Level">1 for the report's, 2 for a run's, 3 within it.</param>
    /// <param name="Text">What it says.</param>
    /// <param name="Anchor">What links name; null without.</param>
    internal sealed record Heading(int Level, string Text, string? Anchor = null) : ReportBlock;

    /// <summary>Sentences.</summary>
    internal sealed record Paragraph(string Text) : ReportBlock;

    /// <summary>Sentences that each stand alone: what is missing, notes.</summary>
    internal sealed record Notes(IReadOnlyList<string> Lines) : ReportBlock;

    /// <summary>Text in columns, and commands.</summary>
    internal sealed record Code(string Text) : ReportBlock;

    /// <summary>A table.</summary>
    /// <param name="Columns">The names of the columns.</param>
    /// <param name="Rows">The cells of each row.</param>
    internal sealed record Table(IReadOnlyList<string> Columns, IReadOnlyList<IReadOnlyList<string>> Rows) : ReportBlock
    {
        /// <summary>The first column that stands at the right; null if none does.</summary>
        public int? NumbersFrom { get; init; }

        /// <summary>The anchor that each row's first cell leads to; empty if none does.</summary>
        public IReadOnlyList<string> Anchors { get; init; } = [];
    }

    /// <summary>Plots as SVG, which Markdown leaves out.</summary>
    /// <param name="Drawings">The plots.</param>
    /// <param name="Caption">What they show.</param>
    internal sealed record Figure(IReadOnlyList<string> Drawings, string Caption) : ReportBlock;

    /// <summary>Parts that are long, under a line that opens them.</summary>
    internal sealed record Folded(string Summary, IReadOnlyList<ReportBlock> Blocks) : ReportBlock;
}
