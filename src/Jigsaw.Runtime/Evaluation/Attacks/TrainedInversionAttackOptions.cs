namespace Jigsaw.Evaluation.Attacks;

/// <summary>How a trained inversion attack is fitted.</summary>
public sealed record TrainedInversionAttackOptions
{
    /// <summary>Batches it is fitted on; with held-out batches the largest number of them.</summary>
    public int Steps { get; init; } = 400;

    /// <summary>
    /// True if it begins as ridge does, with the model's embedding table as its classifier and the best affine map of x̃ as its first guess, and learns to correct itself; else it learns everything from the pairs. The first is the stronger attack.
    /// </summary>
    public bool UsesEmbeddingTable { get; init; } = true;

    /// <summary>Features of its layers.</summary>
    public int Width { get; init; } = 128;

    /// <summary>Transformer encoder layers, which see the whole sequence.</summary>
    public int Layers { get; init; } = 2;

    /// <summary>Attention heads.</summary>
    public int Heads { get; init; } = 4;

    /// <summary>The largest learning rate.</summary>
    public double LearningRate { get; init; } = 2e-3;

    /// <summary>Draws of x̃ that it sees of each prompt, as their mean.</summary>
    public int Draws { get; init; } = 1;

    /// <summary>With held-out batches: after how many steps it looks at them.</summary>
    public int CheckEvery { get; init; } = 50;

    /// <summary>Seed of its initial weights.</summary>
    public long Seed { get; init; } = 1;
}
