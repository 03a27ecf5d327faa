using System.Globalization;
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

    /// <summary>Which components some steps leave out: a component is evaluated on the steps that its number divides, counted from 0. One that is not named here is evaluated on all steps.</summary>
    public IReadOnlyDictionary<string, int> Intervals { get; private init; } = new Dictionary<string, int>();

    /// <summary>True if any term reads logits.</summary>
    public bool ReadsLogits => Passes.Any(pass => pass.Logits);

    /// <summary>The plan of one pass; null if the recipe doesn't need it.</summary>
    public PassPlan? Find(Pass pass) => Passes.FirstOrDefault(plan => plan.Pass == pass);

    /// <summary>The same plan with components that some steps leave out.</summary>
    /// <param name="steps">They are evaluated on the steps that this number divides, at least 1.</param>
    /// <param name="keys">Their keys.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number is less than 1.</exception>
    public LossPlan Every(int steps, params string[] keys)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(steps, 1);
        ArgumentNullException.ThrowIfNull(keys);
        var intervals = new OrderedDictionary<string, int>(Intervals);
        foreach (var key in keys)
        {
            intervals[key] = steps;
        }

        return new LossPlan(DistillationLayer, Truncate, [.. Passes]) { Intervals = intervals };
    }

    /// <summary>What one step runs: the passes that a component of the step reads.</summary>
    /// <param name="step">The step, from 0.</param>
    public LossPlan At(long step)
    {
        var skipped = SkippedAt(step);
        return skipped.Count == 0 ? this : new LossPlan(DistillationLayer, Truncate, [.. Passes.Select(pass => pass.For(key => !skipped.Contains(key))).OfType<PassPlan>()]) { Intervals = Intervals };
    }

    /// <summary>The components that a step leaves out.</summary>
    internal IReadOnlyCollection<string> SkippedAt(long step) => [.. Intervals.Where(interval => step % interval.Value != 0).Select(interval => interval.Key)];

    /// <summary>The plan as a table: a row for each pass that runs, lines that say what only some steps run, a line for each stage of several passes, which a step that runs pass by pass can't separate, and a line for each custom term that materializes whole logits.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        text.Append("pass          gradient  logits  layer  read by\n");
        foreach (var pass in Passes)
        {
            text.Append(pass.Pass.ToString().PadRight(14))
                .Append(pass.Gradient.ToString().PadRight(10))
                .Append((pass.WholeLogitsReadBy.Count > 0 ? "whole" : pass.Logits ? "yes" : "-").PadRight(8))
                .Append((pass.Layer ? DistillationLayer?.ToString(CultureInfo.InvariantCulture) ?? "-" : "-").PadRight(7))
                .Append(string.Join(", ", pass.ReadBy))
                .Append('\n');
        }

        DescribeIntervals(text);
        foreach (var stage in Stages.Where(stage => stage.Count > 1))
        {
            var keys = stage.SelectMany(pass => pass.ReadBy).GroupBy(key => key).Where(key => key.Count() > 1).Select(key => key.Key);
            text.Append(string.Join(", ", stage.Select(pass => pass.Pass))).Append(": held together by ").Append(string.Join(", ", keys)).Append('\n');
        }

        foreach (var pass in Passes.Where(pass => pass.PredictionsReadBy.Count > 0))
        {
            var keys = string.Join(" and ", pass.PredictionsReadBy);
            text.Append(CultureInfo.InvariantCulture, $"{keys} {(pass.PredictionsReadBy.Count == 1 ? "reads" : "read")} what {pass.Pass} predicts of the prompt: one more product of the LM head for each, in chunks and without a gradient\n");
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

    /// <summary>The custom terms that read whole tensors of a pass that a step in micro-batches has some rows of at a time, each with these passes. The teacher's clean pass is kept for all rows.</summary>
    internal IEnumerable<(string Key, IReadOnlyList<Pass> Passes)> Inseparable() => Passes
        .Where(pass => pass.Pass != Pass.TeacherClean)
        .SelectMany(pass => pass.WholeLogitsReadBy.Concat(pass.WholeLayerReadBy).Distinct().Select(key => (Key: key, pass.Pass)))
        .GroupBy(read => read.Key, (key, reads) => (key, (IReadOnlyList<Pass>)[.. reads.Select(read => read.Pass)]));

    private void DescribeIntervals(StringBuilder text)
    {
        var intervals = Intervals.Where(interval => interval.Value > 1).ToArray();
        foreach (var group in intervals.GroupBy(interval => interval.Value).OrderBy(group => group.Key))
        {
            text.Append(CultureInfo.InvariantCulture, $"every {Ordinal(group.Key)} step, at {group.Key} times the weight: {string.Join(", ", group.Select(interval => interval.Key))}\n");
        }

        var always = Passes.Where(pass => pass.ReadBy.Any(key => Intervals.GetValueOrDefault(key, 1) == 1)).ToArray();
        foreach (var pass in Passes.Except(always))
        {
            text.Append(CultureInfo.InvariantCulture, $"{pass.Pass} runs only on every {string.Join(" and every ", pass.ReadBy.Select(key => Intervals[key]).Distinct().Order().Select(Ordinal))} step\n");
        }

        if (always.Length < Passes.Count)
        {
            text.Append(always.Length == 0 ? "the other steps run no pass\n" : $"the other steps run {string.Join(", ", always.Select(pass => pass.Pass))}\n");
        }
    }

    private static string Ordinal(int number) => number.ToString(CultureInfo.InvariantCulture) + (number % 10, number % 100) switch
    {
        (_, 11 or 12 or 13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };

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
