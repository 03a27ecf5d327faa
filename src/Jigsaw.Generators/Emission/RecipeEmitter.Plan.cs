using Jigsaw.Planning;

namespace Jigsaw.Generators.Emission;

/// <content>What a step runs.</content>
internal static partial class RecipeEmitter
{
    private static readonly string[] _numbers = ["No pass", "One pass", "Two passes", "Three passes", "All four passes"];

    private const string PlanType = "global::Jigsaw.Passes.LossPlan";

    private static void EmitPlan(IndentedWriter writer, RecipePlan plan, string? fault)
    {
        writer.Line($"/// <summary>What a step of this recipe runs. {PlanWords(plan)}</summary>");
        writer.Line(_generatedCode);
        writer.Line($"public static {PlanType} Plan => {fault ?? "Hyperparameters.s_plan"};");
    }

    private static void EmitPlanField(IndentedWriter writer, RecipePlan plan)
    {
        var layer = plan.Recipe.DistillationLayer is { } index ? Literal.OfInteger(index) : "null";
        var arguments = new List<string> { $"distillationLayer: {layer}", $"truncate: {Truth(plan.Recipe.Truncate)}" };
        arguments.AddRange(plan.Passes.Select(Argument));
        writer.Line($"internal static readonly {PlanType} s_plan = new {PlanType}(");
        using (writer.Indent())
        {
            for (var i = 0; i < arguments.Count; i++)
            {
                writer.Line(arguments[i] + (i < arguments.Count - 1 ? "," : ")" + string.Concat(Intervals(plan, term => Literal.OfInteger(term.Term.Argument("Every")!.Value ?? 1))) + ";"));
            }
        }
    }

    /// <summary>The calls that tell a plan which terms some steps leave out.</summary>
    private static IEnumerable<string> Intervals(RecipePlan plan, Func<PlannedTerm, string> every) =>
        plan.Terms.Where(term => term.HasEvery).Select(term => $".Every({every(term)}, {string.Join(", ", term.Keys.Select(Literal.Of))})");

    private static string Argument(PlannedPass pass) =>
        $"new global::Jigsaw.Passes.PassPlan(global::Jigsaw.Pass.{pass.Pass}, global::Jigsaw.Passes.GradientFlow.{pass.Gradient}, logits: {Truth(pass.Logits)}, layer: {Truth(pass.Layer)}, "
        + string.Join(", ", pass.ReadBy.Select(Literal.Of)) + ")"
        + Initialized(("WholeLogitsReadBy", pass.WholeLogitsReadBy), ("WholeLayerReadBy", pass.WholeLayerReadBy), ("PredictionsReadBy", pass.PredictionsReadBy));

    private static string Initialized(params (string Property, EquatableArray<string> Keys)[] lists)
    {
        var written = lists.Where(list => list.Keys.Count > 0).Select(list => $"{list.Property} = new[] {{ {string.Join(", ", list.Keys.Select(Literal.Of))} }}").ToList();
        return written.Count == 0 ? "" : $" {{ {string.Join(", ", written)} }}";
    }

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
