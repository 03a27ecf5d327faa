using System.ComponentModel;
using static TorchSharp.torch;

namespace Jigsaw.CompilerServices;

/// <summary>Values of terms that are computed together, or of a term and its parts. Deconstructs into them.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class TermValues
{
    private readonly IReadOnlyList<Tensor> _values;

    internal TermValues(params IReadOnlyList<Tensor> values) => _values = values;

    /// <summary>How many values there are.</summary>
    public int Count => _values.Count;

    /// <summary>A value, in the order in which the terms were added: a raw, positive scalar, capped where its term has a cap.</summary>
    /// <param name="index">From 0.</param>
    public TermValue this[int index] => _values[index];

    /// <summary>The two values.</summary>
    public void Deconstruct(out TermValue first, out TermValue second)
    {
        Require(2);
        (first, second) = (_values[0], _values[1]);
    }

    /// <summary>The three values.</summary>
    public void Deconstruct(out TermValue first, out TermValue second, out TermValue third)
    {
        Require(3);
        (first, second, third) = (_values[0], _values[1], _values[2]);
    }

    /// <summary>The four values.</summary>
    public void Deconstruct(out TermValue first, out TermValue second, out TermValue third, out TermValue fourth)
    {
        Require(4);
        (first, second, third, fourth) = (_values[0], _values[1], _values[2], _values[3]);
    }

    /// <summary>The five values.</summary>
    public void Deconstruct(out TermValue first, out TermValue second, out TermValue third, out TermValue fourth, out TermValue fifth)
    {
        Require(5);
        (first, second, third, fourth, fifth) = (_values[0], _values[1], _values[2], _values[3], _values[4]);
    }

    /// <summary>The six values.</summary>
    public void Deconstruct(out TermValue first, out TermValue second, out TermValue third, out TermValue fourth, out TermValue fifth, out TermValue sixth)
    {
        Require(6);
        (first, second, third, fourth, fifth, sixth) = (_values[0], _values[1], _values[2], _values[3], _values[4], _values[5]);
    }

    /// <summary>The seven values.</summary>
    public void Deconstruct(out TermValue first, out TermValue second, out TermValue third, out TermValue fourth, out TermValue fifth, out TermValue sixth, out TermValue seventh)
    {
        Require(7);
        (first, second, third, fourth, fifth, sixth, seventh) = (_values[0], _values[1], _values[2], _values[3], _values[4], _values[5], _values[6]);
    }

    /// <summary>The eight values.</summary>
    public void Deconstruct(out TermValue first, out TermValue second, out TermValue third, out TermValue fourth, out TermValue fifth, out TermValue sixth, out TermValue seventh, out TermValue eighth)
    {
        Require(8);
        (first, second, third, fourth, fifth, sixth, seventh, eighth) = (_values[0], _values[1], _values[2], _values[3], _values[4], _values[5], _values[6], _values[7]);
    }

    private void Require(int count)
    {
        if (Count != count)
        {
            throw new InvalidOperationException($"There are {Count} values, not {count}; name one variable for each.");
        }
    }
}
