using System.ComponentModel;

namespace Jigsaw.CompilerServices;

/// <summary>Where a term compares.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public enum TermPlace
{
    /// <summary>At the logits.</summary>
    Logits,

    /// <summary>At the distillation layer, which the recipe must name.</summary>
    Layer,

    /// <summary>At the distillation layer, or at the logits where the recipe names none.</summary>
    LayerOrLogits,

    /// <summary>On the transform's embeddings, means and deviations.</summary>
    Embeddings,
}
