using Jigsaw.Batches;
using Jigsaw.Models.Decoder;
using Jigsaw.Passes;
using static TorchSharp.torch;

namespace Jigsaw.Models;

/// <summary>
/// A causal language model that teacher and student share: any model that runs on embeddings. It never changes; the trained part of the student is its
/// adapters, which are passed to each run. <see cref="CausalLM"/> reads one from a checkpoint.
/// </summary>
public interface ICausalLM
{
    /// <summary>The embedding table, shape (vocabulary, hidden).</summary>
    Tensor EmbeddingTable { get; }

    /// <summary>The LM head.</summary>
    LanguageModelHead Head { get; }

    /// <summary>Number of layers that a run can keep the output of.</summary>
    int LayerCount { get; }

    /// <summary>The last layer that a run can reach; null if the model is whole.</summary>
    int? TruncatedAfter => null;

    /// <summary>Runs the model on embeddings. Gradients flow into the embeddings and the adapters if they require one, never into the base.</summary>
    /// <param name="embeddings">Shape (batch, sequence, hidden), on the model's device, of any floating type.</param>
    /// <param name="attentionMask">Real tokens, shape (batch, sequence).</param>
    /// <param name="adapters">The adapters to apply; null runs the bare base.</param>
    /// <param name="layer">A layer whose raw output to keep, counted from 0; null keeps none.</param>
    /// <param name="toEnd">True to run to the LM head's input; otherwise the run stops after <paramref name="layer"/>.</param>
    /// <returns>The requested outputs, in the caller's dispose scope.</returns>
    HiddenStates Run(Tensor embeddings, RowMask attentionMask, IAdapters? adapters = null, int? layer = null, bool toEnd = true);
}
