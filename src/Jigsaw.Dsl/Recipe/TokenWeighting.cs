namespace Jigsaw;

/// <summary>How much each counted token weighs in the mean of a term.</summary>
public enum TokenWeighting
{
    /// <summary>Each the same. The default.</summary>
    Uniform,

    /// <summary>
    /// 0.2 + 0.8·s / mean(s), with s = −log p(token | the tokens before it) by the teacher's clean pass and the mean over the counted tokens: names and numbers weigh more than the words that anybody would expect.
    /// A token that nothing predicts, such as the first of a row, weighs 1. Costs one more product of the LM head on the counted tokens, without a gradient.
    /// </summary>
    Surprisal,
}
