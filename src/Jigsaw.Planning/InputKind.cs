namespace Jigsaw.Planning;

/// <summary>Where an argument of a kernel comes from.</summary>
internal enum InputKind
{
    /// <summary>The mask that the term averages over.</summary>
    Mask,

    /// <summary>A member of the step's activations.</summary>
    Activation,

    /// <summary>A number that can change without recompiling.</summary>
    Number,

    /// <summary>A choice that the recipe was compiled with.</summary>
    Structure,
}
