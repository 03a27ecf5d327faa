namespace Jigsaw.CommandLine;

/// <summary>How a recipe is trained by a <see cref="JigsawProgram"/> unless its command line says otherwise.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class TrainingDefaultsAttribute : Attribute
{
    /// <summary>Training steps.</summary>
    public int Steps { get; set; } = 1000;

    /// <summary>Chats per step.</summary>
    public int Batch { get; set; } = 16;

    /// <summary>Rank of the adapters; alpha is twice the rank.</summary>
    public int Rank { get; set; } = 8;

    /// <summary>Which optimizer.</summary>
    public TrainingOptimizer Optimizer { get; set; }

    /// <summary>The largest learning rate.</summary>
    public double LearningRate { get; set; } = 2e-3;

    /// <summary>The fraction of the learning rate at the last step.</summary>
    public double FinalLearningRateFraction { get; set; } = 0.1;

    /// <summary>True if the gradients of adapters and transform are clipped apart.</summary>
    public bool ClipsApart { get; set; }

    /// <summary>
    /// True if the recipe's ramps are written for <see cref="Steps"/> steps and keep their share of a run of another length; numbers that a file of hyperparameters changes stay. An <c>Every</c> that is longer than the run becomes the run's length.
    /// </summary>
    public bool RampsInProportion { get; set; }

    /// <summary>The largest σ, in multiples of the embeddings' spread.</summary>
    public double StdMax { get; set; } = 4;

    /// <summary>ρ before training: the lower, the less noise at the start.</summary>
    public double InitialRho { get; set; } = -1;
}
