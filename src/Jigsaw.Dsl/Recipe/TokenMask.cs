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

    /// <summary>Of the tokens that the transform changes, those that the reply does not repeat: what can be protected. All of them in a row without a reply.</summary>
    NotInReply = 8,

    /// <summary>Of the tokens that the transform changes, those whose every character belongs to a word that the reply, which is plain text, repeats.</summary>
    InReply = 16,

    /// <summary>Of the tokens that the transform changes, those that the data names as private: its facts, or spans in its messages.</summary>
    Private = 32,
}
