using System.ComponentModel;

namespace Jigsaw.CompilerServices;

/// <summary>States of a boolean property that the term averages over another mask where it is written as false.</summary>
[AttributeUsage(AttributeTargets.Property, Inherited = false)]
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class MaskUnlessAttribute : Attribute
{
    /// <summary>Names the mask.</summary>
    /// <param name="mask">The mask where the property is false.</param>
    public MaskUnlessAttribute(TokenMask mask) => Mask = mask;

    /// <summary>The mask where the property is false.</summary>
    public TokenMask Mask { get; }
}
