using static TorchSharp.torch;

namespace Jigsaw.Models.Decoder;

/// <summary>What one run of a model leaves.</summary>
/// <param name="Last">What the LM head reads, after the final norm, shape (batch, sequence, hidden); null when the run stopped before.</param>
/// <param name="Layer">Raw output of the asked-for decoder layer, shape (batch, sequence, hidden); null when none was asked for.</param>
public readonly record struct HiddenStates(Tensor? Last, Tensor? Layer);
