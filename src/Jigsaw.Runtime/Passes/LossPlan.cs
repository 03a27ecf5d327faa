using System.Text;

namespace Jigsaw.Passes;

/// <summary>What a step of a recipe runs, known when the recipe is compiled.</summary>
public sealed class LossPlan
{
    /// <summary>Plans a recipe.</summary>
    /// <param name="distillationLayer">Index of the decoder layer whose output is compared; null for the logits.</param>
    /// <param name="truncate">True if models without their later layers are accepted.</param>
    /// <param name="passes">The passes that the recipe needs, each at most once.</param>
    public LossPlan(int? distillationLayer, bool truncate, params PassPlan[] passes)
    {
        DistillationLayer = distillationLayer;
        Truncate = truncate;
        Passes = passes;
        Stages = Staged(passes);
    }

    /// <summary>Index of the decoder layer whose output is compared; null for the logits.</summary>
    public int? DistillationLayer { get; }

    /// <summary>True if models without their later layers are accepted.</summary>
    public bool Truncate { get; }

    /// <summary>The passes that the recipe needs.</summary>
    public IReadOnlyList<PassPlan> Passes { get; }

    /// <summary>
    /// The passes of a step that runs pass by pass, in the order in which they run: those of one stage are run, read and freed together. A term
    /// that reads several passes holds them in one stage. The teacher's clean pass is in no stage: it runs first, and all stages read it.
    /// </summary>
    public IReadOnlyList<IReadOnlyList<PassPlan>> Stages { get; }

    /// <summary>True if any term reads logits.</summary>
    public bool ReadsLogits => Passes.Any(pass => pass.Logits);

    /// <summary>The plan of one pass; null if the recipe doesn't need it.</summary>
    public PassPlan? Find(Pass pass) => Passes.FirstOrDefault(plan => plan.Pass == pass);

    /// <summary>The plan as a table: a row for each pass that runs, a line for each stage of several passes, which a step that runs pass by pass can't separate, and a line for each custom term that materializes whole logits.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        text.Append("pass          gradient  logits  layer  read by\n");
        foreach (var pass in Passes)
        {
            text.Append(pass.Pass.ToString().PadRight(14))
                .Append(pass.Gradient.ToString().PadRight(10))
                .Append((pass.WholeLogitsReadBy.Count > 0 ? "whole" : pass.Logits ? "yes" : "-").PadRight(8))
                .Append((pass.Layer ? DistillationLayer?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "-" : "-").PadRight(7))
                .Append(string.Join(", ", pass.ReadBy))
                .Append('\n');
        }

        foreach (var stage in Stages.Where(stage => stage.Count > 1))
        {
            var keys = stage.SelectMany(pass => pass.ReadBy).GroupBy(key => key).Where(key => key.Count() > 1).Select(key => key.Key);
            text.Append(string.Join(", ", stage.Select(pass => pass.Pass))).Append(": held together by ").Append(string.Join(", ", keys)).Append('\n');
        }

        foreach (var key in Passes.SelectMany(pass => pass.WholeLogitsReadBy).Distinct())
        {
            var whole = Passes.Where(pass => pass.WholeLogitsReadBy.Contains(key)).ToArray();
            text.Append(key).Append(" has whole logits in memory: tokens · vocabulary values for ").Append(string.Join(" and ", whole.Select(pass => pass.Pass)));
            var graded = whole.Where(pass => pass.Gradient != GradientFlow.None).Select(pass => pass.Pass).ToArray();
            text.Append(graded.Length == 0 ? "" : $", and as many for the gradient of {string.Join(" and ", graded)}").Append('\n');
        }

        return text.ToString();
    }

    private static IReadOnlyList<PassPlan>[] Staged(IReadOnlyList<PassPlan> passes)
    {
        var stages = new List<List<PassPlan>>();
        foreach (var pass in passes.Where(pass => pass.Pass != Pass.TeacherClean))
        {
            var together = stages.Where(stage => stage.Any(other => other.ReadBy.Intersect(pass.ReadBy).Any())).ToArray();
            stages.RemoveAll(together.Contains);
            stages.Add([.. together.SelectMany(stage => stage), pass]);
        }

        return [.. stages];
    }
}
