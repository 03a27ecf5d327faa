namespace Jigsaw.Training;

/// <summary>Parts of what a recipe trains.</summary>
[Flags]
public enum TrainedParts
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>The student's adapters.</summary>
    Adapters = 1,

    /// <summary>The transform's block, from which both heads read.</summary>
    Block = 2,

    /// <summary>The head of μ: frozen in a new transform, x̃ is x plus noise.</summary>
    Mean = 4,

    /// <summary>The head of ρ: frozen in a new transform, the noise of all tokens and features is that of the initial ρ.</summary>
    Std = 8,

    /// <summary>The whole transform: frozen anew, x̃ is x plus isotropic noise.</summary>
    Transform = Block | Mean | Std,
}
