using Jigsaw.Generators.Rules;
using Jigsaw.Planning;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Text;

namespace Jigsaw.Generators;

/// <summary>A problem of shape with its place in the source, by value.</summary>
internal sealed record ReportedProblem(string Id, EquatableArray<string> Arguments, string Path, TextSpan Span, LinePositionSpan Lines)
{
    public static ReportedProblem At(Location location, string id, EquatableArray<string> arguments) =>
        new(id, arguments, location.SourceTree?.FilePath ?? "", location.SourceSpan, location.GetLineSpan().Span);

    public static ReportedProblem At(LocatedProblem located) => At(located.Location, located.Problem.Id, located.Problem.Arguments);

    public Diagnostic ToDiagnostic() =>
        Diagnostic.Create(Descriptors.ById[Id], Location.Create(Path, Span, Lines), [.. Arguments]);
}
