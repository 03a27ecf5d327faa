using System.ComponentModel;
using Jigsaw.Batches;
using Jigsaw.Losses;
using static TorchSharp.torch;

namespace Jigsaw.CompilerServices;

/// <summary>Computes the loss of one step.</summary>
/// <param name="activations">The transformed batch and the activations of the planned passes.</param>
/// <param name="lossMask">Positions whose logits predict a token that counts.</param>
/// <param name="components">The raw value of each term, detached.</param>
/// <returns>The composite loss, a scalar that is at least float32.</returns>
[EditorBrowsable(EditorBrowsableState.Never)]
public delegate Tensor LossComputation<TComponents>(StepActivations activations, RowMask lossMask, out TComponents components)
    where TComponents : ComponentLosses;
