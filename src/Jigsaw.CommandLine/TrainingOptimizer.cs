namespace Jigsaw.CommandLine;

/// <summary>An optimizer that a recipe or the command line names.</summary>
public enum TrainingOptimizer
{
    /// <summary>AdamW.</summary>
    AdamW,

    /// <summary>Stochastic gradient descent with momentum.</summary>
    Sgd,

    /// <summary>Lion.</summary>
    Lion,

    /// <summary>Muon for matrices, AdamW for what is none.</summary>
    Muon,
}
