using static TorchSharp.torch;

namespace Jigsaw.Passes;

/// <summary>The LM head: logits = hidden · weightᵀ + bias.</summary>
/// <param name="Weight">Shape (vocabulary, hidden).</param>
/// <param name="Bias">Shape (vocabulary), or null.</param>
public sealed record LanguageModelHead(Tensor Weight, Tensor? Bias = null)
{
    /// <summary>The logits of hidden states, materialized.</summary>
    /// <param name="hidden">Shape (…, hidden).</param>
    public Tensor Logits(Tensor hidden) => nn.functional.linear(hidden, Weight, Bias);
}
