using System.Diagnostics.Metrics;
using Jigsaw.Diagnostics;

namespace Jigsaw.Losses.Filtering;

/// <summary>What gradient filters leave out, as an instrument of the meter <c>Jigsaw</c>. Without a listener it costs nothing.</summary>
internal static class FilterMeasurements
{
    private static readonly Meter _meter = new(StepPhases.SourceName);
    private static readonly Histogram<double> _columns = _meter.CreateHistogram<double>("jigsaw.gradient_filter.columns", "1", "The share of the vocabulary whose columns a chunk's gradient is multiplied with: 1 where too many are needed.");

    /// <summary>Measures a chunk.</summary>
    /// <param name="columns">How many columns are multiplied.</param>
    /// <param name="vocabulary">How many there are.</param>
    public static void Record(long columns, long vocabulary) => _columns.Record(columns / (double)vocabulary);
}
