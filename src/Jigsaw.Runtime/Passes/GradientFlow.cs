namespace Jigsaw.Passes;

/// <summary>Where the gradient of a pass flows.</summary>
public enum GradientFlow
{
    /// <summary>Nothing: the pass keeps no graph.</summary>
    None,

    /// <summary>The input embeddings x̃, and through them the transform.</summary>
    Input,

    /// <summary>The adapters.</summary>
    Adapters,

    /// <summary>The input embeddings and the adapters.</summary>
    All,
}
