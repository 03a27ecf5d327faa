using System.ComponentModel;
using static TorchSharp.torch;

namespace Jigsaw.CompilerServices;

/// <summary>The values of the terms on the logits. Deconstructs into the loss and one component for each term, in the order added.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class LogitTermsValue
{
    internal LogitTermsValue(Tensor loss, IReadOnlyList<Tensor> components)
    {
        Loss = loss;
        Components = [.. components.Select(component => (TermValue)component)];
    }

    /// <summary>The weighted, signed sum of the terms: a differentiable scalar.</summary>
    public TermValue Loss { get; }

    /// <summary>Each term's raw, positive value, capped where it has a cap, in the order added: detached scalars.</summary>
    public IReadOnlyList<TermValue> Components { get; }

    /// <summary>The loss and its one component.</summary>
    public void Deconstruct(out TermValue loss, out TermValue first)
    {
        Require(1);
        loss = Loss;
        first = Components[0];
    }

    /// <summary>The loss and its two components.</summary>
    public void Deconstruct(out TermValue loss, out TermValue first, out TermValue second)
    {
        Require(2);
        loss = Loss;
        first = Components[0];
        second = Components[1];
    }

    /// <summary>The loss and its three components.</summary>
    public void Deconstruct(out TermValue loss, out TermValue first, out TermValue second, out TermValue third)
    {
        Require(3);
        loss = Loss;
        first = Components[0];
        second = Components[1];
        third = Components[2];
    }

    /// <summary>The loss and its four components.</summary>
    public void Deconstruct(out TermValue loss, out TermValue first, out TermValue second, out TermValue third, out TermValue fourth)
    {
        Require(4);
        loss = Loss;
        first = Components[0];
        second = Components[1];
        third = Components[2];
        fourth = Components[3];
    }

    /// <summary>The loss and its five components.</summary>
    public void Deconstruct(out TermValue loss, out TermValue first, out TermValue second, out TermValue third, out TermValue fourth, out TermValue fifth)
    {
        Require(5);
        loss = Loss;
        first = Components[0];
        second = Components[1];
        third = Components[2];
        fourth = Components[3];
        fifth = Components[4];
    }

    /// <summary>The loss and its six components.</summary>
    public void Deconstruct(out TermValue loss, out TermValue first, out TermValue second, out TermValue third, out TermValue fourth, out TermValue fifth, out TermValue sixth)
    {
        Require(6);
        loss = Loss;
        first = Components[0];
        second = Components[1];
        third = Components[2];
        fourth = Components[3];
        fifth = Components[4];
        sixth = Components[5];
    }

    /// <summary>The loss and its seven components.</summary>
    public void Deconstruct(out TermValue loss, out TermValue first, out TermValue second, out TermValue third, out TermValue fourth, out TermValue fifth, out TermValue sixth, out TermValue seventh)
    {
        Require(7);
        loss = Loss;
        first = Components[0];
        second = Components[1];
        third = Components[2];
        fourth = Components[3];
        fifth = Components[4];
        sixth = Components[5];
        seventh = Components[6];
    }

    /// <summary>The loss and its eight components.</summary>
    public void Deconstruct(out TermValue loss, out TermValue first, out TermValue second, out TermValue third, out TermValue fourth, out TermValue fifth, out TermValue sixth, out TermValue seventh, out TermValue eighth)
    {
        Require(8);
        loss = Loss;
        first = Components[0];
        second = Components[1];
        third = Components[2];
        fourth = Components[3];
        fifth = Components[4];
        sixth = Components[5];
        seventh = Components[6];
        eighth = Components[7];
    }

    private void Require(int terms)
    {
        if (Components.Count != terms)
        {
            throw new InvalidOperationException($"The head has {Components.Count} terms, not {terms}.");
        }
    }
}
