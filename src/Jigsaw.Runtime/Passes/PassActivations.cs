using System.ComponentModel;
using Jigsaw.Passes;
using static TorchSharp.torch;

namespace Jigsaw.CompilerServices;

/// <summary>The activations that one pass leaves for the loss.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class PassActivations
{
    private readonly Tensor? _hidden;
    private readonly Tensor? _layer;
    private Tensor? _logits;

    /// <summary>Wraps the activations of a pass.</summary>
    /// <param name="pass">The pass.</param>
    /// <param name="hidden">What the LM head reads, after the final norm, shape (batch, sequence, hidden); null if the plan stops earlier.</param>
    /// <param name="layer">Output of the distillation layer, shape (batch, sequence, hidden); null if nothing reads it.</param>
    /// <param name="head">The LM head; null if no term reads logits.</param>
    public PassActivations(Pass pass, Tensor? hidden, Tensor? layer, LanguageModelHead? head)
    {
        Pass = pass;
        _hidden = hidden;
        _layer = layer;
        Head = head;
    }

    /// <summary>The pass.</summary>
    public Pass Pass { get; }

    /// <summary>What the LM head reads, shape (batch, sequence, hidden).</summary>
    /// <exception cref="InvalidOperationException">The plan stops before the end of the model.</exception>
    public Tensor Hidden => _hidden ?? throw Absent("last hidden states");

    /// <summary>Output of the distillation layer, shape (batch, sequence, hidden).</summary>
    /// <exception cref="InvalidOperationException">The plan reads no layer of this pass.</exception>
    public Tensor Layer => _layer ?? throw Absent("distillation layer");

    /// <summary>The LM head.</summary>
    public LanguageModelHead? Head { get; }

    /// <summary>The logits, shape (batch, sequence, vocabulary), materialized on first access.</summary>
    /// <exception cref="InvalidOperationException">The plan stops before the end of the model.</exception>
    public Tensor Logits => _logits ??= (Head ?? throw Absent("LM head")).Logits(Hidden);

    /// <summary>Detaches the activations from the caller's dispose scope.</summary>
    internal void Keep()
    {
        _hidden?.DetachFromDisposeScope();
        _layer?.DetachFromDisposeScope();
    }

    /// <summary>Frees the activations; a graph that was built on them keeps what it needs.</summary>
    internal void Free()
    {
        _hidden?.Dispose();
        _layer?.Dispose();
    }

    private InvalidOperationException Absent(string what) =>
        new($"The pass {Pass} has no {what}: the recipe's plan does not ask for it. Bind the recipe to these models before their forward.");
}
