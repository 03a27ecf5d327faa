using Jigsaw.Batches;
using Jigsaw.Evaluation.Attacks;
using TorchSharp;

namespace Jigsaw.Samples.Tests;

/// <summary>An attack from outside: the token whose embedding has the largest cosine with x̃.</summary>
internal sealed class CosineAttack(torch.Tensor embeddingTable) : IInversionAttack
{
    public string Name => "largest cosine";

    public string Knowledge => "the directions of the embeddings";

    public torch.Tensor Recover(torch.Tensor noisy, RowMask attentionMask, int candidates)
    {
        using var scope = torch.NewDisposeScope();
        var table = torch.nn.functional.normalize(embeddingTable, dim: 1);
        return noisy.matmul(table.t()).topk(candidates, -1).indexes.MoveToOuterDisposeScope();
    }
}
