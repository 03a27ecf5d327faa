using Microsoft.CodeAnalysis;

namespace Jigsaw.Generators.Rules;

/// <summary>A problem and its place in the source.</summary>
/// <param name="Problem">The problem.</param>
/// <param name="Location">What is squiggled.</param>
/// <param name="Remedies">Where it is fixed, if that is elsewhere.</param>
internal readonly record struct LocatedProblem(Problem Problem, Location Location, IEnumerable<Location> Remedies)
{
    /// <summary>The problems where a locator finds them.</summary>
    public static IEnumerable<LocatedProblem> Of(IEnumerable<Problem> problems, ProblemLocator locator)
    {
        foreach (var problem in problems)
        {
            foreach (var location in locator.Find(problem.Location))
            {
                yield return new LocatedProblem(problem, location, locator.FindRemedy(problem.Location));
            }
        }
    }

    public Diagnostic ToDiagnostic() => Diagnostic.Create(Descriptors.ById[Problem.Id], Location, Remedies, [.. Problem.Arguments]);
}
