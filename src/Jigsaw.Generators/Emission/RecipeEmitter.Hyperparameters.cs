using System.Security;
using Jigsaw.CompilerServices;
using Jigsaw.Planning;

namespace Jigsaw.Generators.Emission;

/// <content>The record of hyperparameters.</content>
internal static partial class RecipeEmitter
{
    private const string Table = CompilerServices + ".HyperparameterTable";

    private static void EmitHyperparameters(IndentedWriter writer, RecipePlan plan, string? fault)
    {
        writer.Line("/// <summary>Every number that the recipe was built with; checked when made, by the rules that the compiler applies to the attributes.</summary>");
        writer.Line(_generatedCode);
        writer.Line("public sealed record Hyperparameters : global::Jigsaw.Losses.Hyperparameters.RecipeHyperparameters");
        using (writer.Block())
        {
            if (fault is null)
            {
                // Of a type of their own, so they are there for every initializer of the recipe, whichever runs first.
                EmitTable(writer, plan);
                writer.Line();
                EmitPlanField(writer, plan);
                writer.Line();
                writer.Line("internal static readonly Hyperparameters s_defaults = new Hyperparameters();");
                writer.Line();
            }

            writer.Line("/// <summary>The numbers as written in the attributes.</summary>");
            writer.Line("public Hyperparameters()");
            using (writer.Indent())
            {
                writer.Line($": base({(fault is null ? "s_table" : $"new {Table}()")})");
            }

            using (writer.Block())
            {
                if (fault is not null)
                {
                    writer.Line(fault + ";");
                }
            }

            foreach (var number in plan.Numbers)
            {
                writer.Line();
                writer.Line($"/// <summary><c>{SecurityElement.Escape(number.Argument.OriginalName)}</c>{NumberWords(number)}</summary>");
                writer.Line($"public {(number.IsInteger ? "int" : "double")} {number.Property} {{ get => {(number.IsInteger ? "WholeNumber" : "Number")}(); init => Set(value); }}");
            }

            writer.Line();
            writer.Line("/// <summary>A JSON schema of the files that <see cref=\"Read\"/> reads, for editors: names, rules and values in the attributes.</summary>");
            writer.Line($"public static string Schema => {fault ?? $"s_table.ToJsonSchema({Literal.Of(plan.Recipe.Name)})"};");
            writer.Line();
            writer.Line("/// <summary>Reads a JSON object of numbers, under the original's names or those of their properties; what it doesn't name stays as written in the attributes.</summary>");
            writer.Line("/// <param name=\"path\">The file.</param>");
            writer.Line("/// <exception cref=\"global::System.ArgumentException\">A name is unknown, a number breaks its rule, or structure differs from the recipe's.</exception>");
            writer.Line($"public static Hyperparameters Read(string path) => {fault ?? "ReadFrom(path, new Hyperparameters())"};");
        }
    }

    private static void EmitTable(IndentedWriter writer, RecipePlan plan)
    {
        var rows = plan.Numbers
            .Select(number => $".{RowOf(number)}({Literal.Of(number.Property)}, {Literal.Of(number.Argument.OriginalName)}, {(number.IsInteger ? Literal.OfInteger(number.Value) : Literal.Of(number.Value))})")
            .Concat(plan.Structure.Select(structure => $".Structure({Literal.Of(structure.OriginalName)}, {structure.Literal})"))
            .ToList();
        writer.Line($"private static readonly {Table} s_table = new {Table}()");
        using (writer.Indent())
        {
            for (var i = 0; i < rows.Count; i++)
            {
                writer.Line(rows[i] + (i == rows.Count - 1 ? ";" : ""));
            }
        }
    }

    /// <summary>The table's method that adds a number of this rule.</summary>
    private static string RowOf(PlannedNumber number) => IsSubtracted(number) ? "SubtractedWeight" : number.Argument.Rule.ToString();

    private static bool IsSubtracted(PlannedNumber number) => number is { Argument.Rule: NumericRule.Weight, Term.Term.Pull: TermPull.Maximized };

    private static string NumberWords(PlannedNumber number) => number.Argument.Rule switch
    {
        NumericRule.Weight => IsSubtracted(number) ? ", subtracted: finite, at least 0." : ", added: finite, at least 0.",
        NumericRule.Positive => ": finite, greater than 0.",
        NumericRule.Fraction => ": from 0 to 1.",
        NumericRule.Index => ": at least 0.",
        _ => ": at least 1.",
    };
}
