using Jigsaw.Losses;
using static TorchSharp.torch;

namespace Jigsaw.Models;

/// <summary>A frozen causal language model of the Llama family.</summary>
public sealed class CausalLM : IDisposable
{
    /// <summary>Number of decoder layers.</summary>
    public int LayerCount => throw new NotSupportedException();

    /// <summary>The LM head.</summary>
    public LanguageModelHead Head => throw new NotSupportedException();

    /// <summary>Runs the model on embeddings.</summary>
    public HiddenStates Run(Tensor embeddings, RowMask attentionMask, LoraAdapters? adapters = null, int? layer = null, bool toEnd = true) =>
        throw new NotSupportedException();

    /// <summary>Frees the model.</summary>
    public void Dispose()
    {
    }
}
