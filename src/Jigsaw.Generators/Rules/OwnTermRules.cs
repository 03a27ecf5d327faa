using Jigsaw.Generators.Gathering;

namespace Jigsaw.Generators.Rules;

/// <summary>What the method of a term of one's own must be.</summary>
internal static class OwnTermRules
{
    public static IEnumerable<Problem> Check(RecipeModel recipe)
    {
        var methods = new HashSet<OwnTermModel>();
        for (var i = 0; i < recipe.Terms.Count; i++)
        {
            if (recipe.Terms[i].Own is { } own && methods.Add(own))
            {
                foreach (var problem in Check(own, i))
                {
                    yield return problem;
                }
            }
        }
    }

    private static IEnumerable<Problem> Check(OwnTermModel own, int index)
    {
        if (own.Unfit is { } reason)
        {
            yield return Problem.At(Place.Method(index), "JIG0065", own.Method, reason);
            yield break;
        }

        if (!own.IsStatic)
        {
            yield return Problem.At(Place.Method(index), "JIG0060", own.Method);
        }

        if (own.ReturnType is { } type)
        {
            yield return Problem.At(Place.ReturnType(index), "JIG0061", own.Method, type);
        }

        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < own.Parameters.Count; i++)
        {
            var parameter = own.Parameters[i];
            var place = Place.Parameter(index, i);
            if (parameter.Modifier is { } modifier)
            {
                yield return Problem.At(place, "JIG0064", parameter.Name, modifier);
            }
            else if (!parameter.IsActivation)
            {
                yield return Problem.At(place, "JIG0062", parameter.Name, parameter.Type, "TransformStds, NoiseMask or StudentNoisyHidden");
            }
            else if (!seen.Add(parameter.Type))
            {
                yield return Problem.At(place, "JIG0063", parameter.Name, parameter.Type);
            }
        }
    }
}
