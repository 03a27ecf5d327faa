namespace Jigsaw.Passes;

/// <summary>What a recipe needs from one pass.</summary>
public sealed class PassPlan
{
    /// <summary>Plans one pass.</summary>
    /// <param name="pass">The pass.</param>
    /// <param name="gradient">Where its gradient flows.</param>
    /// <param name="logits">True if a term reads its logits; the model then runs to its end.</param>
    /// <param name="layer">True if a term reads its hidden states at the distillation layer.</param>
    /// <param name="readBy">The component keys of the terms that read it.</param>
    public PassPlan(Pass pass, GradientFlow gradient, bool logits, bool layer, params string[] readBy)
    {
        Pass = pass;
        Gradient = gradient;
        Logits = logits;
        Layer = layer;
        ReadBy = readBy;
    }

    /// <summary>The pass.</summary>
    public Pass Pass { get; }

    /// <summary>Where its gradient flows.</summary>
    public GradientFlow Gradient { get; }

    /// <summary>True if a term reads its logits.</summary>
    public bool Logits { get; }

    /// <summary>True if a term reads its hidden states at the distillation layer.</summary>
    public bool Layer { get; }

    /// <summary>The component keys of the terms that read this pass.</summary>
    public IReadOnlyList<string> ReadBy { get; }

    /// <summary>
    /// The component keys of the custom terms that materialize its logits as one tensor, (tokens · vocabulary) values, and as many again for the
    /// gradient of a pass that has one. Built-in terms never do.
    /// </summary>
    public IReadOnlyList<string> WholeLogitsReadBy { get; init; } = [];

    /// <summary>The component keys of the custom terms that read its hidden states at the distillation layer as one tensor.</summary>
    public IReadOnlyList<string> WholeLayerReadBy { get; init; } = [];

    /// <summary>The component keys of the terms that read what it predicts of the tokens of the prompt: one more product of the LM head on these, in chunks and without a gradient.</summary>
    public IReadOnlyList<string> PredictionsReadBy { get; init; } = [];

    /// <summary>The pass as some of its readers need it; null if none is left.</summary>
    internal PassPlan? For(Func<string, bool> isRead) => ReadBy.All(isRead) ? this
        : ReadBy.Any(isRead) ? new PassPlan(Pass, Gradient, Logits, Layer, [.. ReadBy.Where(isRead)]) { WholeLogitsReadBy = [.. WholeLogitsReadBy.Where(isRead)], WholeLayerReadBy = [.. WholeLayerReadBy.Where(isRead)], PredictionsReadBy = [.. PredictionsReadBy.Where(isRead)] }
        : null;
}
