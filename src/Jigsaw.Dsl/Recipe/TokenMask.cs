namespace Jigsaw;

/// <summary>Which tokens a term averages over. Flags: with several, a token counts where all of them hold.</summary>
[Flags]
public enum TokenMask
{
    /// <summary>Names no mask; not allowed in a recipe.</summary>
    None = 0,

    /// <summary>Real tokens, not padding.</summary>
    Attention = 1,

    /// <summary>Positions whose logits predict a token that counts in the loss.</summary>
    Loss = 2,

    /// <summary>Tokens that the transform changes.</summary>
    Noise = 4,
}
