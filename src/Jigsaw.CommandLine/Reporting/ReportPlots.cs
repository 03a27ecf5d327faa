using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using OxyPlot;
using OxyPlot.Axes;
using OxyPlot.Series;

namespace Jigsaw.CommandLine.Reporting;

/// <summary>Plots as SVG for a page: no colors of their own but those of the page, so they are readable in light and dark.</summary>
internal sealed partial class ReportPlots
{
    private const int CurveWidth = 380;
    private const int CurveHeight = 240;
    private const int FrontWidth = 560;
    private const int FrontHeight = 360;

    // Colors that stand for those of the page.
    private static readonly OxyColor _ink = OxyColor.FromRgb(1, 1, 1);
    private static readonly OxyColor _grid = OxyColor.FromRgb(2, 2, 2);
    private static readonly OxyColor _line = OxyColor.FromRgb(3, 3, 3);

    private readonly int _mostPoints;
    private int _drawn;

    /// <summary>Plots for a page.</summary>
    /// <param name="mostPoints">The most points of a curve; more become means of neighbors.</param>
    internal ReportPlots(int mostPoints) => _mostPoints = mostPoints;

    /// <summary>The most steps that a point of a curve stands for.</summary>
    /// <param name="steps">The steps of the curve.</param>
    internal int StepsPerPoint(int steps) => Math.Max(1, (steps + _mostPoints - 1) / _mostPoints);

    /// <summary>A curve over the steps.</summary>
    internal string Curve(string title, IReadOnlyList<(double X, double Y)> points)
    {
        var model = Model(title, 11, "step", null);
        var series = new LineSeries { Color = _line, StrokeThickness = 1.8, MarkerType = points.Count == 1 ? MarkerType.Circle : MarkerType.None, MarkerFill = _line, MarkerSize = 3 };
        series.Points.AddRange(points.Chunk(StepsPerPoint(points.Count)).Select(chunk => new DataPoint(chunk.Average(point => point.X), chunk.Average(point => point.Y))));
        model.Series.Add(series);
        return Draw(model, CurveWidth, title, "");
    }

    /// <summary>Runs by two objectives, with the front's line; each point leads to its run.</summary>
    /// <param name="x">The objective along the horizontal axis.</param>
    /// <param name="y">The other one.</param>
    /// <param name="points">The runs that have both.</param>
    internal string Front(Objective x, Objective y, IReadOnlyList<(double X, double Y, string Name, string Anchor, bool IsOnFront)> points)
    {
        var title = $"{y.Name} over {x.Name}, {points.Count} runs";
        var model = Model("", 14, $"{x.Name} ({(x.IsMaximized ? "more is better" : "less is better")})", $"{y.Name} ({(y.IsMaximized ? "more is better" : "less is better")})");
        var front = new LineSeries { Color = _line, StrokeThickness = 1.5, LineStyle = LineStyle.Dash };
        front.Points.AddRange(points.Where(point => point.IsOnFront).OrderBy(point => point.X).Select(point => new DataPoint(point.X, point.Y)));
        model.Series.Add(front);

        // Points that are drawn by the page's own elements still decide how far the axes reach.
        var all = new ScatterSeries { MarkerFill = OxyColors.Transparent, MarkerStroke = OxyColors.Transparent, MarkerType = MarkerType.Circle, MarkerSize = 1 };
        all.Points.AddRange(points.Select(point => new ScatterPoint(point.X, point.Y)));
        model.Series.Add(all);
        Draw(model, FrontWidth, title, "");
        var marks = points.Select(point =>
        {
            var at = front.Transform(point.X, point.Y);
            return string.Create(CultureInfo.InvariantCulture, $"""<a href="#{point.Anchor}"><circle class="{(point.IsOnFront ? "on" : "off")}" cx="{at.X:0.##}" cy="{at.Y:0.##}" r="7"><title>{WebUtility.HtmlEncode(point.Name)}: {x.Name} {point.X:0.####}, {y.Name} {point.Y:0.####}</title></circle></a>""");
        });
        return Draw(model, FrontWidth, title, string.Concat(marks));
    }

    private static PlotModel Model(string title, double fontSize, string x, string? y)
    {
        var model = new PlotModel { Title = title.Length == 0 ? null : title, TitleFontSize = 13, TitleFontWeight = FontWeights.Normal, DefaultFontSize = fontSize, TextColor = _ink, PlotAreaBorderThickness = new OxyThickness(0), PlotAreaBorderColor = _ink, Culture = CultureInfo.InvariantCulture };
        foreach (var (position, name) in new[] { (AxisPosition.Bottom, x), (AxisPosition.Left, y) })
        {
            model.Axes.Add(new LinearAxis
            {
                Position = position, Title = name, AxisTitleDistance = position == AxisPosition.Left ? 24 : 8, AxislineStyle = LineStyle.Solid, AxislineColor = _ink, TicklineColor = _ink, MinorTicklineColor = _ink, MinorTickSize = 0, MajorGridlineStyle = LineStyle.Solid, MajorGridlineColor = _grid, MajorGridlineThickness = 0.7,
                MinimumPadding = position == AxisPosition.Bottom && y is null ? 0 : 0.06, MaximumPadding = position == AxisPosition.Bottom && y is null ? 0 : 0.06,
            });
        }

        return model;
    }

    private string Draw(PlotModel model, int width, string label, string marks)
    {
        var height = width == FrontWidth ? FrontHeight : CurveHeight;
        var text = new SvgExporter { Width = width, Height = height, IsDocument = false }.ExportToString(model);
        var id = string.Create(CultureInfo.InvariantCulture, $"plot{++_drawn}-");
        text = ClipPath().Replace(text, id + "$1");
        text = text.Replace(" font-family=\"Segoe UI\"", "", StringComparison.Ordinal)
            .Replace("rgb(1,1,1)", "currentColor", StringComparison.Ordinal)
            .Replace("stroke:rgb(2,2,2)", "stroke:var(--grid)", StringComparison.Ordinal)
            .Replace("rgb(3,3,3)", "var(--curve)", StringComparison.Ordinal)
            .Replace("rgb(255,255,255)", "none", StringComparison.Ordinal);
        var head = string.Create(CultureInfo.InvariantCulture, $"""<svg viewBox="0 0 {width} {height}" role="img" aria-label="{WebUtility.HtmlEncode(label)}">""");
        var drawn = Head().Match(text);
        return head + text[(drawn.Index + drawn.Length)..].TrimEnd()[..^"</svg>".Length] + marks + "</svg>";
    }

    [GeneratedRegex("clipPath(\\d+)")]
    private static partial Regex ClipPath();

    [GeneratedRegex("<svg[^>]*>")]
    private static partial Regex Head();
}
