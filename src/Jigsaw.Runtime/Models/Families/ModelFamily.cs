namespace Jigsaw.Models.Families;

/// <summary>
/// How a family of models interprets config.json where families differ: its defaults, and the fields that change the mathematics. A field that
/// transformers ignores for the family is rejected if it is on, since its meaning is unclear.
/// </summary>
internal sealed record ModelFamily
{
    /// <summary>All families that can be read.</summary>
    public static IReadOnlyList<ModelFamily> All { get; } = [Llama.Family, Mistral.Family, Qwen2.Family, Qwen3.Family];

    /// <summary><c>model_type</c> of its config.json.</summary>
    public required string Name { get; init; }

    /// <summary>Heads of keys and values where <c>num_key_value_heads</c> is missing; null uses the number of query heads.</summary>
    public int? DefaultKeyValueHeadCount { get; init; }

    /// <summary>Features per head where <c>head_dim</c> is missing; null divides the hidden size by the heads.</summary>
    public int? DefaultHeadDim { get; init; }

    /// <summary>True if <c>attention_bias</c> gives all projections of the attention biases.</summary>
    public bool ReadsAttentionBias { get; init; }

    /// <summary>True if the projections of queries, keys and values always have biases.</summary>
    public bool AlwaysQueryKeyValueBias { get; init; }

    /// <summary>True if <c>mlp_bias</c> gives the feed-forward projections biases.</summary>
    public bool ReadsFeedForwardBias { get; init; }

    /// <summary>True if queries and keys are normed per head.</summary>
    public bool QueryKeyNorm { get; init; }

    /// <summary>True if <c>sliding_window</c> is read.</summary>
    public bool ReadsSlidingWindow { get; init; }

    /// <summary>The first layer with a window where neither <c>layer_types</c> nor <c>max_window_layers</c> names it, for a family that needs <c>use_sliding_window</c>; null if all layers have it, without a switch.</summary>
    public int? DefaultFirstWindowLayer { get; init; }
}
