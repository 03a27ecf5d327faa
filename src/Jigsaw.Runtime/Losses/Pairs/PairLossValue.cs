using static TorchSharp.torch;

namespace Jigsaw.Losses.Pairs;

/// <summary>What the terms on one pair of tensors are worth. Deconstructs into one value for each term, in the order added.</summary>
public sealed class PairLossValue
{
    internal PairLossValue(IReadOnlyList<Tensor> values) => Values = values;

    /// <summary>Each term's raw, positive value, capped where it has a cap, in the order added: differentiable scalars.</summary>
    public IReadOnlyList<Tensor> Values { get; }

    /// <summary>The two values.</summary>
    public void Deconstruct(out Tensor first, out Tensor second)
    {
        Require(2);
        first = Values[0];
        second = Values[1];
    }

    /// <summary>The three values.</summary>
    public void Deconstruct(out Tensor first, out Tensor second, out Tensor third)
    {
        Require(3);
        first = Values[0];
        second = Values[1];
        third = Values[2];
    }

    /// <summary>The four values.</summary>
    public void Deconstruct(out Tensor first, out Tensor second, out Tensor third, out Tensor fourth)
    {
        Require(4);
        first = Values[0];
        second = Values[1];
        third = Values[2];
        fourth = Values[3];
    }

    /// <summary>The five values.</summary>
    public void Deconstruct(out Tensor first, out Tensor second, out Tensor third, out Tensor fourth, out Tensor fifth)
    {
        Require(5);
        first = Values[0];
        second = Values[1];
        third = Values[2];
        fourth = Values[3];
        fifth = Values[4];
    }

    /// <summary>The six values.</summary>
    public void Deconstruct(out Tensor first, out Tensor second, out Tensor third, out Tensor fourth, out Tensor fifth, out Tensor sixth)
    {
        Require(6);
        first = Values[0];
        second = Values[1];
        third = Values[2];
        fourth = Values[3];
        fifth = Values[4];
        sixth = Values[5];
    }

    private void Require(int count)
    {
        if (Values.Count != count)
        {
            throw new InvalidOperationException($"The pair has {Values.Count} terms, not {count}; name one variable for each.");
        }
    }
}
