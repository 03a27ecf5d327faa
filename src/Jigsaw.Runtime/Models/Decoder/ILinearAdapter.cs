using static TorchSharp.torch;

namespace Jigsaw.Models.Decoder;

/// <summary>What an adapter adds to one linear map of a frozen base.</summary>
public interface ILinearAdapter
{
    /// <summary>What is added to the map's output. Gradients flow to the input and to the adapter's parameters.</summary>
    /// <param name="input">The map's input, shape (…, input), in the model's type.</param>
    /// <returns>Shape (…, output); the sum has the model's type.</returns>
    Tensor Apply(Tensor input);

    /// <summary>What is added to the map's weight when the adapter is merged, shape (output, input): equivalent to <see cref="Apply"/> where that is linear.</summary>
    Tensor Delta();
}
