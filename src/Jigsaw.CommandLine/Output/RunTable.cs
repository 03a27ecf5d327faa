namespace Jigsaw.CommandLine.Output;

/// <summary>Figures with names.</summary>
/// <param name="Name">What it is, for a program.</param>
/// <param name="Title">What it is, for a reader.</param>
/// <param name="Columns">The names of the columns.</param>
/// <param name="Rows">The cells of each row, one for each column.</param>
internal sealed record RunTable(string Name, string Title, IReadOnlyList<string> Columns, IReadOnlyList<IReadOnlyList<string>> Rows)
{
    /// <summary>True if all columns but the first are numbers, which stand at the right.</summary>
    public bool Numbers { get; init; }
}
