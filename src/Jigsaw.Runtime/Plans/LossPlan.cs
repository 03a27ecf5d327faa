using System.Text;

namespace Jigsaw;

/// <summary>What a step of a recipe runs: known when the recipe is compiled.</summary>
public sealed class LossPlan
{
    /// <summary>Plans a recipe.</summary>
    /// <param name="distillationLayer">Index of the decoder layer whose output is compared; null: at the logits.</param>
    /// <param name="truncate">Whether models whose later layers are gone are accepted.</param>
    /// <param name="passes">The passes that the recipe needs, each at most once.</param>
    public LossPlan(int? distillationLayer, bool truncate, params PassPlan[] passes)
    {
        DistillationLayer = distillationLayer;
        Truncate = truncate;
        Passes = passes;
    }

    /// <summary>Index of the decoder layer whose output is compared; null: at the logits.</summary>
    public int? DistillationLayer { get; }

    /// <summary>Whether models whose later layers are gone are accepted.</summary>
    public bool Truncate { get; }

    /// <summary>The passes that the recipe needs.</summary>
    public IReadOnlyList<PassPlan> Passes { get; }

    /// <summary>Whether any term reads logits.</summary>
    public bool ReadsLogits => Passes.Any(pass => pass.Logits);

    /// <summary>The plan of one pass; null when the recipe doesn't need it.</summary>
    public PassPlan? Find(Pass pass) => Passes.FirstOrDefault(plan => plan.Pass == pass);

    /// <summary>The plan as a table: a row for each pass that runs.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        text.Append("pass          gradient  logits  layer  read by\n");
        foreach (var pass in Passes)
        {
            text.Append(pass.Pass.ToString().PadRight(14))
                .Append(pass.Gradient.ToString().PadRight(10))
                .Append((pass.Logits ? "yes" : "-").PadRight(8))
                .Append((pass.Layer ? DistillationLayer?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "-" : "-").PadRight(7))
                .Append(string.Join(", ", pass.ReadBy))
                .Append('\n');
        }

        return text.ToString();
    }
}
