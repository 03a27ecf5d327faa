using Jigsaw.Planning;

namespace Jigsaw.Generators.Rules;

/// <summary>What is wrong with a recipe: the rule's id, where, and what the message names.</summary>
internal sealed record Problem(string Id, ProblemLocation Location, EquatableArray<string> Arguments)
{
    public static Problem At(ProblemLocation location, string id, params string[] arguments) => new(id, location, arguments.ToEquatableArray());
}
