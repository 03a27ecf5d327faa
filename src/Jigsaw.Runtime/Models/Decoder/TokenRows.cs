using static TorchSharp.torch;

namespace Jigsaw.Models.Decoder;

/// <summary>Tokens as the rows of a matrix.</summary>
internal static class TokenRows
{
    /// <summary>A tensor of shape (…, features) as (rows, features).</summary>
    public static Tensor Of(Tensor tensor) => tensor.view(-1, tensor.shape[^1]);
}
