using System.Globalization;
using Jigsaw.CommandLine.Options;
using Jigsaw.Data;
using Jigsaw.Training;

namespace Jigsaw.CommandLine.Running;

/// <summary>The training of a run: its file of options, its steps, and what it saves.</summary>
internal static class TrainingRun
{
    /// <summary>Says what is trained on what.</summary>
    internal static void Introduce(RunContext context, RunSession session)
    {
        var (settings, model) = (context.Settings, session.Model);
        context.Output.Say(string.Create(CultureInfo.InvariantCulture, $"{Path.GetFileName(settings.Model)}: {model.LayerCount} layers, {model.EmbeddingTable.shape[1]} features, vocabulary {model.EmbeddingTable.shape[0]}, on {settings.Device}"));
        context.Output.Say(string.Create(CultureInfo.InvariantCulture, $"Recipe {settings.Recipe.Name}, {session.Chats.Value.Examples.Count} chats to train on. A step runs:"));
        context.Output.Say(session.Loss.Plan.ToString());
    }

    /// <summary>Trains to the last step, and saves transform and adapters.</summary>
    /// <exception cref="OperationCanceledException">Stopped; a checkpoint has been written.</exception>
    internal static void Train(RunContext context, RunSession session)
    {
        var settings = context.Settings;
        var training = new TrainingOptions
        {
            Steps = settings.Steps,
            LearningRate = settings.LearningRate,
            FinalLearningRateFraction = settings.Recipe.Defaults.FinalLearningRateFraction,
            ClipsApart = settings.Recipe.Defaults.ClipsApart,
            CheckpointDirectory = settings.Checkpoints,
            CheckpointEvery = settings.CheckpointEvery,
        };
        using (var trainer = new Trainer(session.Loss, session.Transform, new ChatBatches(session.Chats.Value, session.Tokenizer, settings.Batch, settings.Seed), training))
        {
            if (settings.Resume)
            {
                context.Output.Say(trainer.Resume() ? $"Resumed after step {trainer.StepsDone}." : "No checkpoint to resume from: beginning anew.");
            }

            if (trainer.StepsDone == 0)
            {
                ConfigurationFile.Write(Path.Combine(settings.Output, ConfigurationFile.Name), settings);
                RunVersions.Write(settings.Output);
            }

            using var measurements = new RunMeasurements();
            using var log = new StepLog(Path.Combine(settings.Output, StepLog.Name), trainer.StepsDone);
            var board = settings.TensorBoard ? new TensorBoardLog(Path.Combine(settings.Output, "tensorboard")) : null;
            context.Output.Watch(shown => trainer.Run(
                step =>
                {
                    measurements.Add(step);
                    board?.Add(step);
                    log.Add(step);
                    shown(step);
                },
                context.Cancellation));
        }

        session.Transform.Save(settings.Transform);
        session.Student.Adapters.Save(settings.Adapter);
        context.Output.Say($"Transform saved in {settings.Transform}");
        context.Output.Say($"Adapters saved in {settings.Adapter}");
    }
}
