namespace Jigsaw.Training;

/// <summary>Why a run ended.</summary>
public enum TrainingEnd
{
    /// <summary>It has not ended, or it was canceled.</summary>
    None,

    /// <summary>All of its steps are done.</summary>
    Steps,

    /// <summary>The evaluation has had no new best for <see cref="TrainingEvaluation.Patience"/> times.</summary>
    NoImprovement,

    /// <summary><see cref="TrainingOptions.TimeLimit"/> has passed.</summary>
    TimeLimit,

    /// <summary>It has come to <see cref="TrainingOptions.StopAfter"/>, before all of its steps are done.</summary>
    StopAfter,
}
