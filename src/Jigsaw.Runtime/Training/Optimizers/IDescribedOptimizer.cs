namespace Jigsaw.Training.Optimizers;

/// <summary>An optimizer whose numbers a checkpoint compares.</summary>
internal interface IDescribedOptimizer
{
    /// <summary>Its numbers but the learning rate, which the schedule sets.</summary>
    string Numbers { get; }
}
