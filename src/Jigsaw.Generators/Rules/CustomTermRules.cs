using Jigsaw.Planning;

namespace Jigsaw.Generators.Rules;

/// <summary>What the method of a custom term must be.</summary>
internal static class CustomTermRules
{
    public static IEnumerable<Problem> Check(RecipeModel recipe)
    {
        var methods = new HashSet<CustomTermModel>();
        for (var i = 0; i < recipe.Terms.Count; i++)
        {
            if (recipe.Terms[i].Custom is { } custom && methods.Add(custom))
            {
                foreach (var problem in Check(custom, i))
                {
                    yield return problem;
                }
            }
        }
    }

    private static IEnumerable<Problem> Check(CustomTermModel custom, int index)
    {
        if (custom.Unfit is { } reason)
        {
            yield return Problem.At(ProblemLocation.Method(index), "JIG0065", custom.SpokenName, reason);
            yield break;
        }

        if (!custom.IsStatic)
        {
            yield return Problem.At(ProblemLocation.Method(index), "JIG0060", custom.SpokenName);
        }

        if (custom.ReturnType is { } type)
        {
            yield return Problem.At(ProblemLocation.ReturnType(index), "JIG0061", custom.SpokenName, type, custom.IsOfRows ? "a TorchSharp 'Tensor' of a value for each row" : "a scalar TorchSharp 'Tensor'");
        }

        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < custom.Parameters.Count; i++)
        {
            var parameter = custom.Parameters[i];
            var location = ProblemLocation.Parameter(index, i);
            if (parameter.Modifier is { } modifier)
            {
                yield return Problem.At(location, "JIG0064", parameter.Name, modifier);
            }
            else if (!parameter.IsActivation)
            {
                yield return Problem.At(location, "JIG0062", parameter.Name, parameter.Type, "TransformStds, NoiseMask or StudentNoisyHidden");
            }
            else if (!seen.Add(parameter.Type))
            {
                yield return Problem.At(location, "JIG0063", parameter.Name, parameter.Type);
            }
        }

        foreach (var problem in custom.IsOfRows ? CheckRows(custom, index) : [])
        {
            yield return problem;
        }
    }

    /// <summary>What a term on rows of logits may read: the loop over the vocabulary has one pass's rows at a time beside the teacher's.</summary>
    private static IEnumerable<Problem> CheckRows(CustomTermModel custom, int index)
    {
        Pass? first = null;
        for (var i = 0; i < custom.Parameters.Count; i++)
        {
            var parameter = custom.Parameters[i];
            if (!parameter.IsActivation)
            {
                continue;
            }

            var type = ActivationTypes.Find(parameter.Type)!;
            if (!type.IsRows)
            {
                yield return Problem.At(ProblemLocation.Parameter(index, i), "JIG0066", parameter.Name, parameter.Type, custom.SpokenName);
            }
            else if (type.Pass != Pass.TeacherClean)
            {
                first ??= type.Pass;
                if (type.Pass != first)
                {
                    yield return Problem.At(ProblemLocation.Parameter(index, i), "JIG0067", parameter.Name, custom.SpokenName, $"{first}Logits", $"{type.Pass}Logits");
                }
            }
        }

        if (first is null)
        {
            yield return Problem.At(ProblemLocation.Method(index), "JIG0068", custom.SpokenName);
        }
    }
}
