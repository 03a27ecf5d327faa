using System.Security;
using Jigsaw.CompilerServices;
using Jigsaw.Generators.Planning;

namespace Jigsaw.Generators.Emission;

/// <content>The record of hyperparameters.</content>
internal static partial class RecipeEmitter
{
    private static void EmitHyperparameters(IndentedWriter writer, RecipePlan plan, string? fault)
    {
        const string Dictionary = "global::System.Collections.Generic.IReadOnlyDictionary<string, object?>";
        writer.Line("/// <summary>Every number that the recipe was built with; checked when made, by the rules that the compiler applies to the attributes.</summary>");
        writer.Line(s_generatedCode);
        writer.Line($"public sealed record Hyperparameters : {Losses}.Hyperparameters.RecipeHyperparameters");
        using (writer.Block())
        {
            foreach (var number in fault is null ? plan.Numbers : default)
            {
                writer.Line($"private readonly {Type(number)} {number.Field} = {(number.IsInteger ? Literal.OfInteger(number.Value) : Literal.Of(number.Value))};");
            }

            foreach (var number in plan.Numbers)
            {
                writer.Line();
                EmitNumber(writer, number, fault);
            }

            writer.Line();
            writer.Line("/// <summary>Reads a JSON object of numbers under the original's names; what it doesn't name stays as written in the attributes.</summary>");
            writer.Line("/// <param name=\"path\">The file.</param>");
            writer.Line("/// <exception cref=\"global::System.ArgumentException\">A name is unknown, a number breaks its rule, or structure differs from the recipe's.</exception>");
            if (fault is null)
            {
                EmitRead(writer, plan);
            }
            else
            {
                writer.Line($"public static Hyperparameters Read(string path) => {fault};");
            }

            writer.Line();
            writer.Line("/// <inheritdoc/>");
            if (fault is not null)
            {
                writer.Line($"public override {Dictionary} ToDictionary() => {fault};");
                return;
            }

            writer.Line($"public override {Dictionary} ToDictionary() => new global::System.Collections.Generic.Dictionary<string, object?>");
            using (writer.Block("};"))
            {
                foreach (var number in plan.Numbers)
                {
                    writer.Line($"[{Literal.Of(number.Argument.OriginalName)}] = {number.Property},");
                }

                foreach (var structure in plan.Structure)
                {
                    writer.Line($"[{Literal.Of(structure.OriginalName)}] = {structure.Literal},");
                }
            }
        }
    }

    private static void EmitNumber(IndentedWriter writer, PlannedNumber number, string? fault)
    {
        writer.Line($"/// <summary><c>{SecurityElement.Escape(number.Argument.OriginalName)}</c>{NumberWords(number)}</summary>");
        if (fault is not null)
        {
            writer.Line($"public {Type(number)} {number.Property} {{ get; init; }}");
            return;
        }

        var check = number.Argument.Rule == NumericRule.Weight
            ? $"Checked(value, {Literal.Of(number.Property)}, global::Jigsaw.CompilerServices.TermPull.{number.Term!.Term.Pull})"
            : $"Checked(value, {Literal.Of(number.Property)}, global::Jigsaw.CompilerServices.NumericRule.{number.Argument.Rule})";
        writer.Line($"public {Type(number)} {number.Property} {{ get => {number.Field}; init => {number.Field} = {check}; }}");
    }

    private static string Type(PlannedNumber number) => number.IsInteger ? "int" : "double";

    private static string NumberWords(PlannedNumber number) => number.Argument.Rule switch
    {
        NumericRule.Weight => number.Term!.Term.Pull == TermPull.Maximized ? ", subtracted: finite, at least 0." : ", added: finite, at least 0.",
        NumericRule.Positive => ": finite, greater than 0.",
        NumericRule.Fraction => ": from 0 to 1.",
        NumericRule.Index => ": at least 0.",
        _ => ": at least 1.",
    };

    private static void EmitRead(IndentedWriter writer, RecipePlan plan)
    {
        writer.Line("public static Hyperparameters Read(string path)");
        using (writer.Block())
        {
            writer.Line($"{Var(plan, Losses + ".Hyperparameters.HyperparameterFile")} file = {Losses}.Hyperparameters.HyperparameterFile.Read(path, Defaults, new[] {{ {string.Join(", ", plan.Structure.Select(structure => Literal.Of(structure.OriginalName)))} }});");
            writer.Line("return new Hyperparameters");
            using (writer.Block("};"))
            {
                foreach (var number in plan.Numbers)
                {
                    writer.Line($"{number.Property} = file.{(number.IsInteger ? "WholeNumber" : "Number")}({Literal.Of(number.Argument.OriginalName)}),");
                }
            }
        }
    }
}
