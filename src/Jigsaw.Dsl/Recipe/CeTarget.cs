namespace Jigsaw;

/// <summary>What the cross-entropy terms of a recipe compare with: the teacher's clean distribution, or its most likely token.</summary>
public enum CeTarget
{
    /// <summary>The teacher's probabilities, softmax of its clean logits. The default.</summary>
    Soft,

    /// <summary>The argmax of the teacher's clean logits.</summary>
    Hard,
}
