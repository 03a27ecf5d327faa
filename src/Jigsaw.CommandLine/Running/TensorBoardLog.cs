using Jigsaw.Training;
using TorchSharp;

namespace Jigsaw.CommandLine.Running;

/// <summary>The steps of a training as TensorBoard reads them.</summary>
internal sealed class TensorBoardLog(string folder)
{
    private readonly TorchSharp.Modules.SummaryWriter _writer = torch.utils.tensorboard.SummaryWriter(folder, createRunName: false);

    /// <summary>Adds a step.</summary>
    internal void Add(TrainingStep step)
    {
        foreach (var (name, value) in step.Components)
        {
            _writer.add_scalar($"components/{name}", (float)value, step.Step);
        }

        foreach (var (name, value) in step.Evaluation ?? new Dictionary<string, double>())
        {
            _writer.add_scalar($"evaluation/{name}", (float)value, step.Step);
        }

        _writer.add_scalar("training/gradient_norm", (float)step.GradientNorm, step.Step);
        _writer.add_scalar("training/learning_rate", (float)step.LearningRate, step.Step);
        _writer.add_scalar("training/tokens_per_second", (float)step.TokensPerSecond, step.Step);
        _writer.add_scalar("training/memory_mebibytes", Environment.WorkingSet / (float)(1 << 20), step.Step);
    }
}
