using static TorchSharp.torch;

namespace Jigsaw.Losses.Gradients;

/// <summary>What a term's gradient of a row is a multiple of, and by which factor: all that the forward pass keeps of a term.</summary>
/// <param name="Term">The term, by its index among the values.</param>
/// <param name="Role">What is multiplied: a number that the block of gradients understands.</param>
/// <param name="PerRow">The factor, shape (rows, 1), divided by the term's number of tokens; 0 where its mask leaves a row out.</param>
internal readonly record struct RowCoefficient(int Term, int Role, Tensor PerRow);
