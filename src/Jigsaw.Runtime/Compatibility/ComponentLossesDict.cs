using static TorchSharp.torch;

namespace Jigsaw.Compatibility;

/// <summary>Components by the original API's keys, filled by each function that computes some: differentiable scalars, raw and positive.</summary>
public sealed class ComponentLossesDict : Dictionary<string, Tensor>
{
}
