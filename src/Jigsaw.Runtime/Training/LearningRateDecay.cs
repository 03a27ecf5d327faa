namespace Jigsaw.Training;

/// <summary>How the learning rate falls after its warm-up, to <see cref="TrainingOptions.FinalLearningRateFraction"/> at the last step.</summary>
public enum LearningRateDecay
{
    /// <summary>Along half a cosine.</summary>
    Cosine,

    /// <summary>Along a line.</summary>
    Linear,

    /// <summary>It stays, whatever the fraction.</summary>
    Constant,
}
