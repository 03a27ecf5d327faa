using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Jigsaw.Models.Decoder;

/// <summary>An adapter s·B·A·x, whose backward pass is written out.</summary>
internal interface ILowRankAdapter : ILinearAdapter
{
    /// <summary>A, shape (rank, input).</summary>
    Parameter Down { get; }

    /// <summary>B, shape (output, rank).</summary>
    Parameter Up { get; }

    /// <summary>s.</summary>
    double Scale { get; }

    /// <summary>Adds the adapter's part, computed in the adapter's own type; the sum has the output's type, and is written in place if no graph is kept.</summary>
    /// <param name="output">y, shape (…, output).</param>
    /// <param name="input">x, shape (…, input).</param>
    /// <param name="training">True if dropout is applied.</param>
    /// <param name="linear">The adapted map.</param>
    /// <param name="record">Where to keep what the backward pass needs; null if not needed.</param>
    Tensor AddTo(Tensor output, Tensor input, bool training, FrozenLinear linear, LayerRecord? record);

    /// <summary>Adds B·(s·A·x) to y in place; no graph is kept.</summary>
    /// <param name="output">y, shape (batch, rows, output).</param>
    /// <param name="inner">s·A·x, shape (batch, rows, rank).</param>
    void AddUp(Tensor output, Tensor inner);

    /// <summary>s·A·x, shape (…, rank).</summary>
    Tensor Inner(Tensor input, bool training, FrozenLinear linear, LayerRecord? record);

    /// <summary>Adds the contributions of an output's gradient to the gradients of the parameters and of the input.</summary>
    /// <param name="gradient">With respect to y, shape (rows, output).</param>
    /// <param name="input">x, shape (rows, input).</param>
    /// <param name="inner">s·A·x, shape (rows, rank).</param>
    /// <param name="dropout">The factor that x was multiplied by, shape (rows, input); null without dropout.</param>
    /// <param name="sum">The gradient with respect to x, shape (rows, input), which this adds to; null if not needed.</param>
    void Back(Tensor gradient, Tensor input, Tensor inner, Tensor? dropout, Tensor? sum);

    /// <summary>Adds to B's gradient.</summary>
    /// <param name="inner">s·A·x, shape (rows, rank).</param>
    /// <param name="across">The output's gradient, shape (output, rows).</param>
    void AddToUp(Tensor inner, Tensor across);

    /// <summary>Adds to A's gradient, shape (rank, input).</summary>
    void AddToDown(Tensor product);
}
