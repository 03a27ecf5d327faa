using System.ComponentModel;
using Jigsaw.Batches;
using static TorchSharp.torch;

namespace Jigsaw.CompilerServices;

/// <summary>Computes the loss of one step with a recipe's numbers.</summary>
/// <param name="activations">The transformed batch and the activations of the planned passes.</param>
/// <param name="lossMask">Positions whose logits predict a token that counts.</param>
/// <param name="hyperparameters">The numbers.</param>
/// <param name="components">The raw value of each term, detached.</param>
/// <returns>The composite loss, a scalar that is at least float32.</returns>
[EditorBrowsable(EditorBrowsableState.Never)]
public delegate Tensor RecipeComputation<TComponents, THyperparameters>(StepActivations activations, RowMask lossMask, THyperparameters hyperparameters, out TComponents components);
