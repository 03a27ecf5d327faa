using System.Globalization;
using System.Security;
using Jigsaw.CompilerServices;
using Jigsaw.Planning;

namespace Jigsaw.Generators.Emission;

/// <content>The formula of the recipe, a line for each term in order of declaration.</content>
internal static partial class RecipeEmitter
{
    private static void EmitRemarks(IndentedWriter writer, RecipePlan plan)
    {
        const string Head = "composite_loss = ";
        var rows = plan.Declared.Select(term => new[] { Coefficient(plan.Recipe, term), term.Term.Key, Notation(plan.Recipe, term), MaskNotation(term), WeightNotation(term) }).ToList();
        var widths = Enumerable.Range(0, 5).Select(column => rows.Count == 0 ? 0 : rows.Max(row => Width(row[column]))).ToList();
        writer.Line("/// <remarks><code>");
        for (var i = 0; i < rows.Count; i++)
        {
            var row = rows[i];
            var sign = plan.Declared[i].Term.Pull == TermPull.Maximized ? "−" : i == 0 ? " " : "+";
            var lead = i == 0 ? Head : new string(' ', Head.Length);
            var line = $"{lead}{sign} {Padded(row[0], widths[0])} · {Padded(row[1], widths[1])}  {Padded(row[2], widths[2])}  {Padded(row[3], widths[3])}  {row[4]}";
            writer.Line("/// " + SecurityElement.Escape(line.TrimEnd()));
        }

        if (plan.Recipe.Alpha is { } alpha)
        {
            writer.Line($"/// with α = {NumberText.Of(alpha)}");
        }

        if (plan.Recipe.Argument("GradientFilter").Value is { } error && plan.In(TermGroup.Logits).Any())
        {
            writer.Line($"/// the gradient of the cross-entropies to within {NumberText.Of(error)} of it");
        }

        if (plan.LeftOut.Count > 0)
        {
            writer.Line($"/// left out, their weight being 0: {SecurityElement.Escape(string.Join(", ", plan.LeftOut))}");
        }

        writer.Line("/// </code></remarks>");
    }

    /// <summary>How many columns a text takes: the tilde of x̃ takes none.</summary>
    private static int Width(string text) => text.Count(c => char.GetUnicodeCategory(c) != UnicodeCategory.NonSpacingMark);

    private static string Padded(string text, int width) => text + new string(' ', width - Width(text));

    private static string Coefficient(RecipeModel recipe, PlannedTerm term)
    {
        var weight = NumberText.Of(term.Term.Weight.Value ?? double.NaN);
        return recipe.Alpha is null ? weight : term.Term.Kind == TermKind.Strength ? "α · " + weight : "(1 − α) · " + weight;
    }

    private static string Notation(RecipeModel recipe, PlannedTerm term)
    {
        if (term.Term.Custom is { } custom)
        {
            return $"{custom.SpokenName}({string.Join(", ", custom.Parameters.Select(parameter => ActivationTypes.Find(parameter.Type)?.Notation ?? parameter.Type))})";
        }

        var definition = term.Term.Definition!;
        var text = definition.Notation
            .Replace("{source}", Words(definition.Source))
            .Replace("{place}", term.Group == TermGroup.Layer && recipe.DistillationLayer is { } layer ? "layer " + NumberText.Of(layer) : "the logits");
        foreach (var argument in term.Term.Arguments)
        {
            text = text.Replace("{" + argument.Name + "}", NumberText.Of(argument.Effective ?? double.NaN));
        }

        if (term.Term.Argument("Weighting") is { Value: (int)TokenWeighting.Surprisal })
        {
            text += ", tokens weighed by surprisal";
        }

        if (!term.IsCapped)
        {
            return text;
        }

        var factor = term.Term.Argument("ScalingFactor")!.Effective ?? 1;
        var inner = factor.Equals(1.0) ? text : $"{NumberText.Of(factor)} · ({text})";
        return $"{NumberText.Of(term.Term.Argument("MaxLoss")!.Value ?? double.NaN)} · sigmoid({inner})";
    }

    private static string MaskNotation(PlannedTerm term)
    {
        var masks = Planner.Masks(term.Mask).Select(mask => mask.ToString().ToLowerInvariant()).ToList();
        return masks.Count == 0 ? "" : string.Join(" and ", masks) + " mask";
    }

    private static string WeightNotation(PlannedTerm term)
    {
        var every = term.Term.Argument("Every") is { Value: > 1 and var steps } ? $"every {NumberText.Of(steps)} steps, at {NumberText.Of(steps)} times the weight" : "";
        var ramp = RampNotation(term);
        return every.Length == 0 || ramp.Length == 0 ? every + ramp : $"{every}; {ramp}";
    }

    private static string RampNotation(PlannedTerm term)
    {
        if (!term.IsRamped)
        {
            return "";
        }

        var from = term.Term.Argument("RampFrom")!.Effective ?? 0;
        var steps = term.Term.Argument("RampSteps")!.Value ?? double.NaN;
        if (term.IsGeometric)
        {
            var (start, begin) = (term.Term.Argument("RampStart")!.Value ?? double.NaN, term.Term.Argument("RampStartFrom")!.Effective ?? 0);
            var before = begin > 0 ? $"0 up to step {NumberText.Of(begin)}, then " : "";
            return $"weight {before}{NumberText.Of(start)}, geometric over {NumberText.Of(steps)} steps from step {NumberText.Of(from)}";
        }

        return $"weight from 0, {term.Ramp.ToString().ToLowerInvariant()} over {NumberText.Of(steps)} steps from step {NumberText.Of(from)}";
    }

    private static string Words(Pass pass) => pass switch
    {
        Pass.TeacherClean => "teacher clean",
        Pass.TeacherNoisy => "teacher noisy",
        Pass.StudentNoisy => "student noisy",
        _ => "student clean",
    };
}
