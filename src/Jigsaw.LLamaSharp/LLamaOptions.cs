namespace Jigsaw.LLamaSharp;

/// <summary>Which GGUF model is run, and how.</summary>
public sealed record LLamaOptions
{
    /// <summary>The model: a GGUF file with a tokenizer, such as the merged one of <c>export --gguf</c>.</summary>
    public required string ModelPath { get; init; }

    /// <summary>Low-rank adapters for it, a GGUF file; null for none.</summary>
    public string? AdapterPath { get; init; }

    /// <summary>How many tokens prompt and reply may have together; null for what the model says it was made for.</summary>
    public int? ContextTokens { get; init; }

    /// <summary>Threads that compute; null for llama.cpp's choice.</summary>
    public int? Threads { get; init; }

    /// <summary>Layers on a graphics card, where the native library can use one.</summary>
    public int GpuLayers { get; init; }

    /// <summary>True if keys and values are remembered as float32: twice the memory, and closer to the model's own arithmetic.</summary>
    public bool Float32Cache { get; init; }
}
