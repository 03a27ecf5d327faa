using Jigsaw.Generators.Gathering;

namespace Jigsaw.Generators.Rules;

/// <summary>What is wrong with a recipe: the rule's id, where, and what the message names.</summary>
internal sealed record Problem(string Id, Place Place, EquatableArray<string> Arguments)
{
    public static Problem At(Place place, string id, params string[] arguments) => new(id, place, arguments.ToEquatableArray());
}
