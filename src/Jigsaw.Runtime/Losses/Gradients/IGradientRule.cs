using static TorchSharp.torch;

namespace Jigsaw.Losses.Gradients;

/// <summary>How the gradients of values follow from what the forward pass saved. It holds no tensor itself: what it reads is saved in the graph.</summary>
internal interface IGradientRule
{
    /// <summary>The gradients of the inputs, in their order, not attached to a dispose scope. May throw: the graph reports the exception as a sentence.</summary>
    /// <param name="saved">What was saved, in its order.</param>
    /// <param name="upstream">The upstream gradient of each value, of the values' shape.</param>
    List<Tensor> Gradients(IReadOnlyList<Tensor> saved, Tensor upstream);
}
