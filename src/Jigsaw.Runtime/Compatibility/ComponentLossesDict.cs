using static TorchSharp.torch;

namespace Jigsaw.Compatibility;

/// <summary>Components by the original API's keys, added to by each function that computes some: differentiable scalars, raw and positive.</summary>
public sealed class ComponentLossesDict : Dictionary<string, Tensor>
{
}
