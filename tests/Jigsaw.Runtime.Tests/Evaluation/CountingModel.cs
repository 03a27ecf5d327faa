using Jigsaw.Batches;
using Jigsaw.Models;
using Jigsaw.Models.Decoder;
using Jigsaw.Passes;
using static TorchSharp.torch;

namespace Jigsaw.Runtime.Tests.Evaluation;

/// <summary>A model that counts its runs.</summary>
internal sealed class CountingModel(ICausalLM model) : ICausalLM
{
    public int BareRuns { get; private set; }

    public int AdaptedRuns { get; private set; }

    public Tensor EmbeddingTable => model.EmbeddingTable;

    public LanguageModelHead Head => model.Head;

    public int LayerCount => model.LayerCount;

    public HiddenStates Run(Tensor embeddings, RowMask attentionMask, IAdapters? adapters = null, int? layer = null, bool toEnd = true)
    {
        if (adapters is null)
        {
            BareRuns++;
        }
        else
        {
            AdaptedRuns++;
        }

        return model.Run(embeddings, attentionMask, adapters, layer, toEnd);
    }
}
