using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Jigsaw.Models;

/// <summary>The adapter of one linear map: y + s·B·A·x.</summary>
internal sealed class LoraAdapter(string module, Parameter down, Parameter up, double scale)
{
    public string Module { get; } = module;

    /// <summary>A, shape (rank, input).</summary>
    public Parameter Down { get; } = down;

    /// <summary>B, shape (output, rank).</summary>
    public Parameter Up { get; } = up;

    public double Scale { get; } = scale;

    public double Dropout { get; init; }

    /// <summary>Adds the adapter's part in the adapter's own type; the sum has the output's.</summary>
    public Tensor AddTo(Tensor output, Tensor input, bool training)
    {
        var own = input.dtype == Down.dtype ? input : input.to(Down.dtype);
        if (training && Dropout > 0)
        {
            own = nn.functional.dropout(own, Dropout, training: true);
        }

        var delta = nn.functional.linear(nn.functional.linear(own, Down), Up) * Scale;
        return delta.dtype == output.dtype ? output + delta : (output + delta).to(output.dtype);
    }

    /// <summary>s·B·A, shape (output, input).</summary>
    public Tensor Delta() => Up.matmul(Down) * Scale;
}
