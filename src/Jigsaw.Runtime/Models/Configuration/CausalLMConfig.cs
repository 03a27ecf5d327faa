using Jigsaw.Checkpoints;

namespace Jigsaw.Models.Configuration;

/// <summary>
/// The contents of a model's config.json, in the style of transformers 4 or 5. Only what Jigsaw computes exactly is accepted: a field that
/// changes the mathematics and isn't supported is an error that names it. Reading it needs no libtorch.
/// </summary>
public sealed record CausalLMConfig
{
    /// <summary>The family: llama, mistral, qwen2 or qwen3.</summary>
    public required string ModelType { get; init; }

    /// <summary>Tokens in the vocabulary, V.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>Features of a hidden state, D.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>Features inside the feed-forward block.</summary>
    public required int IntermediateSize { get; init; }

    /// <summary>Number of decoder layers.</summary>
    public required int LayerCount { get; init; }

    /// <summary>Heads of the queries.</summary>
    public required int HeadCount { get; init; }

    /// <summary>Heads of keys and values.</summary>
    public required int KeyValueHeadCount { get; init; }

    /// <summary>Features per head.</summary>
    public required int HeadDim { get; init; }

    /// <summary>The epsilon added to the mean square in the norms.</summary>
    public double NormEps { get; init; } = 1e-6;

    /// <summary>Rotary position embeddings.</summary>
    internal RopeConfig Rope { get; init; } = new();

    /// <summary>How rotary positions are scaled, as <c>rope_type</c> has it: <c>default</c>, <c>linear</c>, <c>llama3</c>, …</summary>
    public string RopeType => Rope.Kind.ToString().ToLowerInvariant();

    /// <summary>The base of the rotary frequencies.</summary>
    public double RopeTheta => Rope.Theta;

    /// <summary>True if the LM head is the embedding table.</summary>
    public bool TiedHead { get; init; }

    /// <summary>True if the projections of queries, keys and values have biases.</summary>
    public bool QueryKeyValueBias { get; init; }

    /// <summary>True if the attention's output projection has a bias.</summary>
    public bool OutputBias { get; init; }

    /// <summary>True if the feed-forward projections have biases.</summary>
    public bool FeedForwardBias { get; init; }

    /// <summary>True if queries and keys are normed per head (Qwen 3).</summary>
    public bool QueryKeyNorm { get; init; }

    /// <summary>For each layer the sliding window w (token i sees j with i − w &lt; j ≤ i), or null if it sees all.</summary>
    public required IReadOnlyList<int?> Windows { get; init; }

    /// <summary>The largest position that the model was made for; 0 if not given.</summary>
    public int MaxPositions { get; init; }

    /// <summary>The type that the weights were saved in, as config.json names it; null if not given.</summary>
    public string? DType { get; init; }

    /// <summary>Tokens that end a reply; from generation_config.json if that names them.</summary>
    public IReadOnlyList<int> EndTokens { get; init; } = [];

    /// <summary>Reads the config.json of a checkpoint directory, and the end tokens of its generation_config.json.</summary>
    /// <param name="directory">The directory.</param>
    /// <exception cref="CheckpointException">It is not there, malformed, of an unsupported family, or has an unsupported field.</exception>
    public static CausalLMConfig Read(string directory)
    {
        ArgumentNullException.ThrowIfNull(directory);
        if (!Directory.Exists(directory))
        {
            throw new CheckpointException(directory, "is not a directory; name the directory of a Hugging Face checkpoint, with config.json and model.safetensors in it.");
        }

        var path = Path.Combine(directory, "config.json");
        var config = JsonFile.Read(path, root => CausalLMConfigReader.Read(path, root));
        var generation = Path.Combine(directory, "generation_config.json");
        if (!File.Exists(generation))
        {
            return config;
        }

        var ends = JsonFile.Read(generation, root => new JsonFields(generation, root).Integers("eos_token_id"));
        return ends.Count > 0 ? config with { EndTokens = ends } : config;
    }
}
