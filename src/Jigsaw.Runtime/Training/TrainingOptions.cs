using System.Globalization;

namespace Jigsaw.Training;

/// <summary>How a training runs. The defaults are those of the quick start.</summary>
public sealed record TrainingOptions
{
    /// <summary>Steps in all, those before a resume included.</summary>
    public required int Steps { get; init; }

    /// <summary>Sequences a batch.</summary>
    public int BatchSize { get; init; } = 16;

    /// <summary>The largest learning rate of AdamW.</summary>
    public double LearningRate { get; init; } = 2e-3;

    /// <summary>Steps over which the learning rate rises from 0 to its largest value.</summary>
    public int WarmupSteps { get; init; } = 30;

    /// <summary>What is left of the learning rate at the last step; a cosine leads there.</summary>
    public double FinalLearningRateFraction { get; init; } = 0.1;

    /// <summary>β₁ of AdamW.</summary>
    public double Beta1 { get; init; } = 0.9;

    /// <summary>β₂ of AdamW.</summary>
    public double Beta2 { get; init; } = 0.95;

    /// <summary>Weight decay of the adapters and the transform's block; the heads of μ and ρ have none.</summary>
    public double WeightDecay { get; init; } = 0.01;

    /// <summary>The gradient's norm over all parameters is clipped to this; null leaves it.</summary>
    public double? ClipNorm { get; init; } = 1.0;

    /// <summary>Seed of the order of the data.</summary>
    public long Seed { get; init; }

    /// <summary>Where checkpoints go; null writes none.</summary>
    public string? CheckpointDirectory { get; init; }

    /// <summary>Steps between two checkpoints; the last step writes one in any case.</summary>
    public int CheckpointEvery { get; init; } = 100;

    /// <summary>Checks the numbers.</summary>
    /// <exception cref="ArgumentException">A number is out of its range.</exception>
    public void Validate()
    {
        Require(Steps > 0, nameof(Steps), Steps, "at least 1");
        Require(BatchSize > 0, nameof(BatchSize), BatchSize, "at least 1");
        Require(double.IsFinite(LearningRate) && LearningRate > 0, nameof(LearningRate), LearningRate, "a finite number above 0");
        Require(WarmupSteps >= 0, nameof(WarmupSteps), WarmupSteps, "at least 0");
        Require(FinalLearningRateFraction is >= 0 and <= 1, nameof(FinalLearningRateFraction), FinalLearningRateFraction, "a number in [0, 1]");
        Require(Beta1 is >= 0 and < 1, nameof(Beta1), Beta1, "a number in [0, 1)");
        Require(Beta2 is >= 0 and < 1, nameof(Beta2), Beta2, "a number in [0, 1)");
        Require(double.IsFinite(WeightDecay) && WeightDecay >= 0, nameof(WeightDecay), WeightDecay, "a finite number that is at least 0");
        Require(ClipNorm is null or > 0, nameof(ClipNorm), ClipNorm ?? 0, "null or a number above 0");
        Require(CheckpointEvery > 0, nameof(CheckpointEvery), CheckpointEvery, "at least 1");
    }

    private static void Require(bool holds, string name, double value, string rule)
    {
        if (!holds)
        {
            throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"{name} of the training is {value}; use {rule}."), name);
        }
    }
}
