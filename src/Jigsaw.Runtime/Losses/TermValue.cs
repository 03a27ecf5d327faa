using System.ComponentModel;
using Jigsaw.Tensors;
using static TorchSharp.torch;

namespace Jigsaw.CompilerServices;

/// <summary>A scalar that generated code weighs and adds up: its operators hold the numbers that native code reads, which a tensor's operators do not.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public readonly struct TermValue
{
    internal TermValue(Tensor value) => Value = value;

    /// <summary>The scalar.</summary>
    public Tensor Value { get; }

    /// <summary>A scalar as what it is.</summary>
    public static implicit operator Tensor(TermValue term) => term.Value;

    /// <summary>A scalar as a term's value.</summary>
    public static implicit operator TermValue(Tensor value) => new(value);

    /// <summary>The scalars of several terms.</summary>
    /// <param name="terms">The terms.</param>
    public static Tensor[] Tensors(TermValue[] terms) => Array.ConvertAll(terms, term => term.Value);

    /// <summary>The term, weighed.</summary>
    public static TermValue operator *(double weight, TermValue term) => term.Value * Scalars.Of(weight);

    /// <summary>The sum of two terms.</summary>
    public static TermValue operator +(TermValue left, TermValue right) => left.Value.Plus(right.Value);

    /// <summary>The difference of two terms.</summary>
    public static TermValue operator -(TermValue left, TermValue right) => left.Value - right.Value;
}
