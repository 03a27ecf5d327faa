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

    /// <summary>Adds the adapter's part in the adapter's own type; the sum has the output's, and stands in its place where no graph is kept.</summary>
    /// <param name="output">y, shape (…, output).</param>
    /// <param name="input">x, shape (…, input).</param>
    /// <param name="training">True if dropout is applied.</param>
    /// <param name="linear">The adapted map.</param>
    /// <param name="record">Where to keep what the backward pass needs; null if not needed.</param>
    Tensor AddTo(Tensor output, Tensor input, bool training, FrozenLinear linear, LayerRecord? record);

    /// <summary>Adds B·(s·A·x) to y in its place; no graph is kept.</summary>
    /// <param name="output">y, shape (batch, rows, output).</param>
    /// <param name="inner">s·A·x, shape (batch, rows, rank).</param>
    void AddUp(Tensor output, Tensor inner);

    /// <summary>s·A·x, shape (…, rank).</summary>
    Tensor Inner(Tensor input, bool training, FrozenLinear linear, LayerRecord? record);

    /// <summary>Adds what an output's gradient makes of the parameters' gradients, and of the input's.</summary>
    /// <param name="gradient">With respect to y, shape (rows, output).</param>
    /// <param name="input">x, shape (rows, input).</param>
    /// <param name="inner">s·A·x, shape (rows, rank).</param>
    /// <param name="dropout">What x was multiplied by, shape (rows, input); null without dropout.</param>
    /// <param name="sum">The gradient with respect to x, shape (rows, input), which is added to; null if not needed.</param>
    void Back(Tensor gradient, Tensor input, Tensor inner, Tensor? dropout, Tensor? sum);

    /// <summary>Adds to B's gradient.</summary>
    /// <param name="inner">s·A·x, shape (rows, rank).</param>
    /// <param name="across">The output's gradient, shape (output, rows).</param>
    void AddToUp(Tensor inner, Tensor across);

    /// <summary>Adds to A's gradient, shape (rank, input).</summary>
    void AddToDown(Tensor product);
}
