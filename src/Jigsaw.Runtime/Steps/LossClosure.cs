using Jigsaw.Batches;
using static TorchSharp.torch;

namespace Jigsaw.Steps;

/// <summary>The loss of the step whose forwards have just been run.</summary>
/// <param name="lossMask">Positions whose logits predict a token that counts, shape (batch, sequence).</param>
/// <returns>The composite loss, a scalar to call <c>backward()</c> on.</returns>
/// <exception cref="InvalidOperationException">The models have not both been run since the last call.</exception>
public delegate Tensor LossClosure(RowMask lossMask);
