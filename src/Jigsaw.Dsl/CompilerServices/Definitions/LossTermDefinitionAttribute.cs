using System.ComponentModel;

namespace Jigsaw.CompilerServices;

/// <summary>
/// All that the compiler knows of a built-in term beyond its properties, stated once, on the term's attribute. The generator, the
/// analyzers and the tests read it from there.
/// </summary>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class LossTermDefinitionAttribute : Attribute
{
    /// <summary>Defines a term.</summary>
    /// <param name="order">Its place in the order of summation among the terms of its group.</param>
    /// <param name="key">Its component key.</param>
    /// <param name="place">Where it compares.</param>
    /// <param name="kernel">The kernel that computes it: a method of the vocabulary head at the logits, of the kernels elsewhere.</param>
    public LossTermDefinitionAttribute(int order, string key, TermPlace place, string kernel)
    {
        Order = order;
        Key = key;
        Place = place;
        Kernel = kernel;
    }

    /// <summary>Its place in the order of summation among the terms of its group.</summary>
    public int Order { get; }

    /// <summary>Its component key.</summary>
    public string Key { get; }

    /// <summary>Where it compares.</summary>
    public TermPlace Place { get; }

    /// <summary>The kernel that computes it.</summary>
    public string Kernel { get; }

    /// <summary>Which way training pulls it.</summary>
    public TermPull Pull { get; set; }

    /// <summary>Which of the two sums under an alpha it belongs to.</summary>
    public TermKind Kind { get; set; }

    /// <summary>What a recipe needs it for.</summary>
    public TermPurpose Purpose { get; set; }

    /// <summary>The pass that is compared with the teacher's clean one; of a term on embeddings, none.</summary>
    public Pass Source { get; set; }

    /// <summary>The mask where neither <c>Mask</c> nor another property names one.</summary>
    public TokenMask Mask { get; set; }

    /// <summary>
    /// Of a term on embeddings that compares two tensors row by row, their names among the activations: the kernel's first arguments. The
    /// kernel is then also a method of the pair of rows, without them, and terms on one pair are computed together. At the distillation
    /// layer a pair is the source's hidden states and the teacher's clean ones.
    /// </summary>
    public string[] Pair { get; set; } = [];

    /// <summary>
    /// Of a term on embeddings, the kernel's arguments in order, behind the pair's: members of the activations, properties of the attribute,
    /// or <c>Mask</c>.
    /// </summary>
    public string[] Reads { get; set; } = [];

    /// <summary>Keys of what the kernel gives beside the value, reported as components right after it.</summary>
    public string[] Parts { get; set; } = [];

    /// <summary>The formula for readers; <c>{source}</c> and <c>{place}</c> stand for the pass and the place, <c>{…}</c> for properties of the attribute.</summary>
    public string Notation { get; set; } = "";
}
