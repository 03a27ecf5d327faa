using System.Globalization;
using System.Text.Json;

namespace Jigsaw.Evaluation.Attacks;

/// <summary>What an attack suite measured.</summary>
public sealed record AttackReport
{
    // What is no share.
    private static readonly string[] _numbers = ["bits", "nats", "rank", "ratio", "cosine", "reciprocal"];

    /// <summary>Chats of the evaluation.</summary>
    public required int Chats { get; init; }

    /// <summary>Tokens that the transform changed.</summary>
    public required long Tokens { get; init; }

    /// <summary>What was left out, and how often: facts that are missing from the prompt, stand in it more than once or share words with another, begin or end within a token, or have too few others of their kind, and chats without a transformed token.</summary>
    public required IReadOnlyDictionary<string, int> LeftOut { get; init; }

    /// <summary>Sentences on how it was measured: candidates of the search, when trained attacks stopped.</summary>
    public required IReadOnlyList<string> Notes { get; init; }

    /// <summary>The figures, by attack.</summary>
    public required IReadOnlyList<AttackFigure> Figures { get; init; }

    /// <summary>The value of a figure; null if it wasn't measured.</summary>
    /// <param name="attack">The attack's name.</param>
    /// <param name="figure">The figure's name.</param>
    /// <param name="draws">Draws of x̃.</param>
    public double? Value(string attack, string figure, int draws = 1) =>
        Figures.FirstOrDefault(row => row.Attack == attack && row.Figure == figure && row.Draws == draws)?.Value;

    /// <summary>The record as JSON.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, AttackReportJson.Default.AttackReport) + "\n";

    /// <summary>The figures as rows of text, the heading first: attack, level, draws, figure, value, interval, count.</summary>
    public IReadOnlyList<IReadOnlyList<string>> ToTable() =>
    [
        ["attack", "level", "draws", "figure", "value", "95 %", "count"],
        .. Figures.Select(row => (IReadOnlyList<string>)[row.Attack, row.Level, Text(row.Draws), row.Figure, Text(row.Value, row.Figure), row.Low is null ? "–" : $"{Text(row.Low, row.Figure)} to {Text(row.High, row.Figure)}", Text(row.Count)]),
    ];

    private static string Text(long count) => count.ToString(CultureInfo.InvariantCulture);

    private static string Text(double? value, string figure) => value is not { } number
        ? "–"
        : _numbers.Any(word => figure.Contains(word, StringComparison.Ordinal))
            ? string.Create(CultureInfo.InvariantCulture, $"{number:0.00}")
            : string.Create(CultureInfo.InvariantCulture, $"{number * 100:0.0} %");
}
