using Jigsaw.Batches;
using Jigsaw.Models.Decoder;
using static TorchSharp.torch;

namespace Jigsaw.Models;

/// <summary>A model whose backward pass is written out: a run keeps what that needs instead of a graph. Other models use autograd.</summary>
internal interface IRecordedModel : ICausalLM
{
    /// <summary>True if runs with these adapters can be recorded.</summary>
    bool CanRecord(IAdapters? adapters);

    /// <summary>Runs the model as <see cref="ICausalLM.Run"/> does, without a graph, and keeps what the backward pass needs.</summary>
    RecordedRun Record(Tensor embeddings, RowMask attentionMask, IAdapters? adapters, int? layer, bool toEnd, bool wantsInput, LayerRecords records, bool rematerialize);
}
