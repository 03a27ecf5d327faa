using Jigsaw.CompilerServices;
using Jigsaw.Planning;

namespace Jigsaw.Generators.Rules;

/// <summary>What the numbers and choices of a recipe must be, each on its argument.</summary>
internal static class NumberRules
{
    public static IEnumerable<Problem> Check(RecipeModel recipe)
    {
        foreach (var argument in recipe.Arguments)
        {
            foreach (var problem in Check(argument, argument.Name, "", TermPull.Minimized, ProblemLocation.RecipeArgument(argument.Name)))
            {
                yield return problem;
            }
        }

        for (var i = 0; i < recipe.Terms.Count; i++)
        {
            var term = recipe.Terms[i];
            var name = term.SpokenName;
            foreach (var argument in term.Arguments)
            {
                foreach (var problem in Check(argument, $"{argument.Name} of '{name}'", name, term.Pull, ProblemLocation.TermArgument(i, argument.Name)))
                {
                    yield return problem;
                }
            }
        }
    }

    private static IEnumerable<Problem> Check(ArgumentModel argument, string subject, string term, TermPull pull, ProblemLocation location)
    {
        if (argument.Value is not { } value)
        {
            yield break;
        }

        var message = argument.Rule == NumericRule.Weight ? NumericRules.WeightProblem(subject, value, pull) : NumericRules.Problem(argument.Rule, subject, value);
        if (message is not null)
        {
            yield return Problem.At(location, IdOf(argument), message);
            yield break;
        }

        if (argument.Rule == NumericRule.Weight && value == 0 && !argument.IsComputedZero)
        {
            yield return Problem.At(location, "JIG0021", term);
        }

        if (argument.Kind == ArgumentKind.Double && NumericRules.IsLostInSingle(value))
        {
            yield return Problem.At(location, "JIG0027", subject, NumberText.Of(value), (float)value == 0 ? "0" : "infinite");
        }

        if (Choices(argument.Kind, value) is { } choices)
        {
            yield return Problem.At(location, "JIG0025", subject, value == 0 ? "None" : NumberText.Of(value), choices);
        }
    }

    private static string IdOf(ArgumentModel argument) => argument.Rule switch
    {
        NumericRule.Weight => "JIG0020",
        NumericRule.Positive => "JIG0022",
        NumericRule.Fraction => "JIG0023",
        NumericRule.Index when argument.Name == "DistillationLayer" => "JIG0024",
        _ => "JIG0028",
    };

    private static string? Choices(ArgumentKind kind, double value) => kind switch
    {
        ArgumentKind.Mask when value is < 1 or > 63 => "TokenMask.Attention, .Loss, .Noise, .NotInReply, .InReply, .Private, or several with |",
        ArgumentKind.Target when value is < 0 or > 1 => "CeTarget.Soft or CeTarget.Hard",
        ArgumentKind.Ramp when value is < 0 or > 2 => "Ramp.Linear, Ramp.Cosine or Ramp.Geometric",
        ArgumentKind.Weighting when value is < 0 or > 1 => "TokenWeighting.Uniform or TokenWeighting.Surprisal",
        _ => null,
    };
}
