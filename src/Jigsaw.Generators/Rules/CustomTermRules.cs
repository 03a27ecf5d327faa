using Jigsaw.Generators.Gathering;

namespace Jigsaw.Generators.Rules;

/// <summary>What the method of a term of one's own must be.</summary>
internal static class CustomTermRules
{
    public static IEnumerable<Problem> Check(RecipeModel recipe)
    {
        var methods = new HashSet<CustomTermModel>();
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

    private static IEnumerable<Problem> Check(CustomTermModel own, int index)
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
            yield return Problem.At(Place.ReturnType(index), "JIG0061", own.Method, type, own.IsOfRows ? "a TorchSharp 'Tensor' of a value for each row" : "a scalar TorchSharp 'Tensor'");
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

        foreach (var problem in own.IsOfRows ? CheckRows(own, index) : [])
        {
            yield return problem;
        }
    }

    /// <summary>What a term on rows of logits may read: the loop over the vocabulary has one pass's rows at a time beside the teacher's.</summary>
    private static IEnumerable<Problem> CheckRows(CustomTermModel own, int index)
    {
        Pass? first = null;
        for (var i = 0; i < own.Parameters.Count; i++)
        {
            var parameter = own.Parameters[i];
            if (!parameter.IsActivation)
            {
                continue;
            }

            var type = ActivationTypes.Find(parameter.Type)!;
            if (!type.IsRows)
            {
                yield return Problem.At(Place.Parameter(index, i), "JIG0066", parameter.Name, parameter.Type, own.Method);
            }
            else if (type.Pass != Pass.TeacherClean)
            {
                first ??= type.Pass;
                if (type.Pass != first)
                {
                    yield return Problem.At(Place.Parameter(index, i), "JIG0067", parameter.Name, own.Method, $"{first}Logits", $"{type.Pass}Logits");
                }
            }
        }

        if (first is null)
        {
            yield return Problem.At(Place.Method(index), "JIG0068", own.Method);
        }
    }
}
