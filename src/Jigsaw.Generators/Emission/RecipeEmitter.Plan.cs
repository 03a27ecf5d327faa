using Jigsaw.Planning;

namespace Jigsaw.Generators.Emission;

/// <content>What a step runs.</content>
internal static partial class RecipeEmitter
{
    private static readonly string[] _numbers = ["No pass", "One pass", "Two passes", "Three passes", "All four passes"];

    private static void EmitPlan(IndentedWriter writer, RecipePlan plan, string? fault)
    {
        const string Type = "global::Jigsaw.Passes.LossPlan";
        writer.Line($"/// <summary>What a step of this recipe runs. {PlanWords(plan)}</summary>");
        writer.Line(_generatedCode);
        if (fault is not null)
        {
            writer.Line($"public static {Type} Plan => {fault};");
            return;
        }

        var layer = plan.Recipe.DistillationLayer is { } index ? Literal.OfInteger(index) : "null";
        var arguments = new List<string> { $"distillationLayer: {layer}", $"truncate: {Truth(plan.Recipe.Truncate)}" };
        arguments.AddRange(plan.Passes.Select(Argument));
        writer.Line($"public static {Type} Plan {{ get; }} = new {Type}(");
        using (writer.Indent())
        {
            for (var i = 0; i < arguments.Count; i++)
            {
                writer.Line(arguments[i] + (i < arguments.Count - 1 ? "," : ");"));
            }
        }
    }

    private static string Argument(PlannedPass pass) =>
        $"new global::Jigsaw.Passes.PassPlan(global::Jigsaw.Pass.{pass.Pass}, global::Jigsaw.Passes.GradientFlow.{pass.Gradient}, logits: {Truth(pass.Logits)}, layer: {Truth(pass.Layer)}, "
        + string.Join(", ", pass.ReadBy.Select(Literal.Of)) + ")"
        + (pass.WholeLogitsReadBy.Count == 0 ? "" : $" {{ WholeLogitsReadBy = new[] {{ {string.Join(", ", pass.WholeLogitsReadBy.Select(Literal.Of))} }} }}");

    private static string PlanWords(RecipePlan plan)
    {
        var absent = new[] { Pass.TeacherClean, Pass.TeacherNoisy, Pass.StudentNoisy, Pass.StudentClean }
            .Where(pass => !plan.Passes.Any(planned => planned.Pass == pass)).ToList();
        var count = _numbers[plan.Passes.Count];
        return absent.Count switch
        {
            0 => count + ".",
            4 => count + " at all: it reads embeddings alone.",
            _ => $"{count} of four; none of {string.Join(" or ", absent.Select(Words))}.",
        };
    }

    private static string Truth(bool value) => value ? "true" : "false";
}
