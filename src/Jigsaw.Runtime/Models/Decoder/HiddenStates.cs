using static TorchSharp.torch;

namespace Jigsaw.Models.Decoder;

/// <summary>The results of one run of a model.</summary>
/// <param name="Last">What the LM head reads, after the final norm, shape (batch, sequence, hidden); null if the run stopped earlier.</param>
/// <param name="Layer">Raw output of the requested decoder layer, shape (batch, sequence, hidden); null if none was requested.</param>
public readonly record struct HiddenStates(Tensor? Last, Tensor? Layer);
