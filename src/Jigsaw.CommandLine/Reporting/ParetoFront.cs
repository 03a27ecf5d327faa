namespace Jigsaw.CommandLine.Reporting;

/// <summary>Points that no other is better than.</summary>
internal static class ParetoFront
{
    /// <summary>True for each point that no other equals or beats everywhere and beats somewhere.</summary>
    /// <param name="points">The values of each point, by objective.</param>
    /// <param name="maximized">True for each objective that is to be large.</param>
    internal static bool[] Of(IReadOnlyList<IReadOnlyList<double>> points, IReadOnlyList<bool> maximized)
    {
        double Loss(IReadOnlyList<double> point, int objective) => maximized[objective] ? -point[objective] : point[objective];
        bool Beats(IReadOnlyList<double> one, IReadOnlyList<double> other)
        {
            var objectives = Enumerable.Range(0, maximized.Count);
            return objectives.All(objective => Loss(one, objective) <= Loss(other, objective)) && objectives.Any(objective => Loss(one, objective) < Loss(other, objective));
        }

        return [.. points.Select(point => !points.Any(other => Beats(other, point)))];
    }
}
