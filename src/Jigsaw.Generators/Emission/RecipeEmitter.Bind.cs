using Jigsaw.Planning;

namespace Jigsaw.Generators.Emission;

/// <content>The numbers as written, and what binds a recipe to models.</content>
internal static partial class RecipeEmitter
{
    private static void EmitBind(IndentedWriter writer, RecipePlan plan, string? fault)
    {
        const string Loss = "global::Jigsaw.Steps.JigsawLoss<Components, Hyperparameters>";
        const string Models = "global::Jigsaw.Steps.NoisyTeacher teacher, global::Jigsaw.Steps.NoisyStudent student";
        writer.Line("/// <summary>The numbers of this recipe, as written in its attributes.</summary>");
        writer.Line(_generatedCode);
        writer.Line(fault is null ? "public static Hyperparameters Defaults => Hyperparameters.s_defaults;" : $"public static Hyperparameters Defaults => {fault};");
        writer.Line();
        writer.Line("/// <summary>Binds the recipe to a teacher and a student; the result deconstructs into loss, components and hyperparameters.</summary>");
        writer.Line("/// <param name=\"teacher\">The base as it is.</param>");
        writer.Line("/// <param name=\"student\">The same base with adapters.</param>");
        writer.Line(_generatedCode);
        writer.Line($"public static {Loss} Bind({Models}) =>");
        using (writer.Indent())
        {
            writer.Line(fault is null ? "Bind(teacher, student, Defaults);" : fault + ";");
        }

        writer.Line();
        writer.Line("/// <summary>Binds the recipe with other numbers: <c>Defaults with { … }</c>, or <c>Hyperparameters.Read(path)</c>.</summary>");
        writer.Line("/// <param name=\"teacher\">The base as it is.</param>");
        writer.Line("/// <param name=\"student\">The same base with adapters.</param>");
        writer.Line("/// <param name=\"hyperparameters\">The numbers.</param>");
        writer.Line(_generatedCode);
        writer.Line($"public static {Loss} Bind({Models}, Hyperparameters hyperparameters) =>");
        using (writer.Indent())
        {
            if (fault is not null)
            {
                writer.Line(fault + ";");
                return;
            }

            writer.Line($"new {Loss}(teacher, student, Plan{string.Concat(Intervals(plan, term => $"hyperparameters.{term.Property}Every"))}, hyperparameters, Compute);");
        }
    }
}
