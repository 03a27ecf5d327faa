using System.Globalization;
using Jigsaw.Checkpoints;
using Jigsaw.CommandLine.Options;
using Jigsaw.Data;
using Jigsaw.Steps;
using Jigsaw.Training;

namespace Jigsaw.CommandLine.Running;

/// <summary>The training of a run: its file of options, its steps, and what it saves.</summary>
internal static class TrainingRun
{
    private const double Momentum = 0.9;

    /// <summary>Refuses a folder that can't take the run, before anything is loaded.</summary>
    internal static void RequireFolder(RunContext context)
    {
        var settings = context.Settings;
        if (!context.IsFirst)
        {
            return;
        }

        if (!settings.Resume && Directory.Exists(settings.Transform))
        {
            throw new ArgumentException($"{settings.Output} holds the result of a training, which would be written over; go on with it by --resume, or give another --output.");
        }

        AtomicFile.RequireWritable(settings.Output);
        foreach (var folder in (string[])[settings.Transform, settings.Adapter, RunSettings.CheckpointsOf(settings.Output), BoardOf(settings)])
        {
            RequireNothing(folder, File.Exists(folder), "a file where a folder");
        }

        foreach (var file in (string[])[ConfigurationFile.Name, RunVersions.Name, StepLog.Name])
        {
            var path = Path.Combine(settings.Output, file);
            RequireNothing(path, Directory.Exists(path), "a folder where a file");
        }

        if (settings.TeacherCache is { } cache)
        {
            AtomicFile.RequireWritable(cache);
        }
    }

    /// <summary>Says what is trained on what.</summary>
    internal static void Introduce(RunContext context, RunSession session)
    {
        var (settings, model) = (context.Settings, session.Model);
        context.Output.Say(string.Create(CultureInfo.InvariantCulture, $"{Path.GetFileName(settings.Model)}: {model.LayerCount} layers, {model.EmbeddingTable.shape[1]} features, vocabulary {model.EmbeddingTable.shape[0]}, on {settings.Device}"));
        context.Output.Say(string.Create(CultureInfo.InvariantCulture, $"Recipe {settings.Recipe.Name}, {session.Chats.Value.Count} chats to train on. A step runs:"));
        context.Output.Say(session.Loss.Plan.ToString());
        foreach (var note in session.Chats.Value.Notes)
        {
            context.Output.Say(note);
        }
    }

    /// <summary>Trains to the last step, and saves transform and adapters.</summary>
    /// <exception cref="OperationCanceledException">Stopped; a checkpoint has been written.</exception>
    internal static void Train(RunContext context, RunSession session)
    {
        var settings = context.Settings;
        if (settings.MicroBatch is not null && session.Loss.MicroBatchProblem is { } problem)
        {
            throw new UsageException($"--micro-batch is {settings.MicroBatch}, but the recipe {settings.Recipe.Name} can't be split. {problem}");
        }

        if (context.Processes is { } processes)
        {
            if (session.Loss.MicroBatchProblem is { } reason)
            {
                throw new UsageException($"The recipe {settings.Recipe.Name} can't be trained in several processes. {reason}");
            }

            context.Output.Say(string.Create(CultureInfo.InvariantCulture, $"{processes.Size} processes, each with some rows of every step."));
        }

        var batches = session.Chats.Value.Batches(session.Tokenizer, settings.Seed);
        if (batches is ChatBatches)
        {
            RunData.Say(context.Output, batches);
        }

        using var cache = TeacherCacheOf(context, session, batches);
        using (var trainer = new Trainer(session.Loss, session.Transform, batches, OptionsOf(context, session) with { TeacherCache = cache }))
        {
            if (settings.Resume)
            {
                context.Output.Say(trainer.Resume() ? $"Resumed after step {trainer.StepsDone}." : "No checkpoint to resume from: beginning anew.");
            }

            var options = Path.Combine(settings.Output, ConfigurationFile.Name);
            using var measurements = new RunMeasurements();
            using var log = context.IsFirst ? new StepLog(Path.Combine(settings.Output, StepLog.Name), trainer.StepsDone) : null;
            var board = settings.TensorBoard && context.IsFirst ? new TensorBoardLog(BoardOf(settings)) : null;
            context.Output.Watch(shown => trainer.Run(
                step =>
                {
                    // Only now is it certain that the folder holds no other run. A run that was killed behind its first checkpoint may have none.
                    if (context.IsFirst && (step.Step == 1 || !File.Exists(options)))
                    {
                        ConfigurationFile.Write(options, settings);
                        RunVersions.Write(settings.Output);
                    }

                    measurements.Add(step);
                    board?.Add(step);
                    log?.Add(step);
                    shown(step);
                },
                context.Cancellation));
            Finish(context, trainer);
        }

        if (batches is ChatFileBatches)
        {
            RunData.Say(context.Output, batches);
        }

        if (cache is not null)
        {
            Say(context, cache);
        }

        if (!context.IsFirst)
        {
            return;
        }

        session.Transform.Save(settings.Transform);
        session.Student.Adapters.Save(settings.Adapter);
        context.Output.Say($"Transform saved in {settings.Transform}");
        context.Output.Say($"Adapters saved in {settings.Adapter}");
    }

    /// <summary>Opens the cache of the teacher's clean pass, and says what it takes.</summary>
    private static TeacherCache? TeacherCacheOf(RunContext context, RunSession session, ITokenBatches batches)
    {
        var settings = context.Settings;
        if (settings.TeacherCache is not { } folder)
        {
            return null;
        }

        if (session.Loss.Plan.Find(Pass.TeacherClean) is null)
        {
            context.Output.Say("The recipe reads nothing of the teacher's clean pass, so --teacher-cache keeps nothing.");
            return null;
        }

        var cache = new TeacherCache(folder, session.Model, settings.TeacherCacheType);
        long Size(long tokens, long rows) => TeacherCache.SizeOf(session.Loss.Plan, session.Model, tokens, rows, cache.DType);
        var size = batches.TokensPerEpoch is { } tokens
            ? string.Create(CultureInfo.InvariantCulture, $"{RunData.Mebibytes(Size(tokens, session.Chats.Value.Count))} for {tokens} tokens")
            : string.Create(CultureInfo.InvariantCulture, $"{Size(1, 0)} bytes for each token");
        context.Output.Say($"The teacher's clean pass runs once for each chat, and is kept in {folder}: {size}, {settings.TeacherCachePrecision}.");
        return cache;
    }

    private static void Say(RunContext context, TeacherCache cache)
    {
        context.Output.Say(string.Create(CultureInfo.InvariantCulture, $"The teacher's cache had {cache.RowsRead} of {cache.RowsRead + cache.RowsComputed} rows; its files have {RunData.Mebibytes(cache.Bytes)}."));
        foreach (var note in cache.Notes)
        {
            context.Output.Say(note);
        }
    }

    private static TrainingOptions OptionsOf(RunContext context, RunSession session)
    {
        var settings = context.Settings;
        var own = new TrainingOptions
        {
            Steps = settings.Steps,
            LearningRate = settings.LearningRate,
            FinalLearningRateFraction = settings.Recipe.Defaults.FinalLearningRateFraction,
            ClipsApart = settings.Recipe.Defaults.ClipsApart,
            MicroBatch = settings.MicroBatch,
            Processes = context.Processes,
            Decay = settings.Schedule,
            Frozen = settings.Frozen,
            OnNonFinite = settings.OnNonFinite,
            TimeLimit = settings.TimeLimit is { } minutes ? TimeSpan.FromTicks(Math.Max(1, (long)(minutes * TimeSpan.TicksPerMinute))) : null,
            StopAfter = settings.StopAfter,
            Evaluation = Evaluation(settings, session),
            CheckpointDirectory = settings.Checkpoints,
            CheckpointEvery = settings.CheckpointEvery,
        };
        own = own with { WarmupSteps = settings.WarmupSteps ?? own.WarmupSteps, WeightDecay = settings.WeightDecay ?? own.WeightDecay, ClipNorm = settings.ClipNorm ?? own.ClipNorm };
        var momentum = settings.Momentum ?? Momentum;
        return settings.Optimizer switch
        {
            TrainingOptimizer.Sgd => own with { Optimizer = groups => JigsawOptimizer.Sgd(groups, own.LearningRate, momentum, own.WeightDecay) },
            TrainingOptimizer.Lion => own with { Optimizer = groups => JigsawOptimizer.Lion(groups, own.LearningRate, weightDecay: own.WeightDecay) },
            TrainingOptimizer.Muon => own with { Optimizer = groups => JigsawOptimizer.Muon(groups, own.LearningRate, momentum, own.WeightDecay) },
            _ => own,
        };
    }

    private static TrainingEvaluation? Evaluation(RunSettings settings, RunSession session)
    {
        if (settings.EvaluateEvery is not { } every)
        {
            return null;
        }

        var batches = new ChatBatches(ChatDataset.Read(settings.EvaluationData, settings.EvaluationChats), session.Tokenizer, settings.Batch, seed: 0, settings.MaxLength);
        return new TrainingEvaluation { Batches = batches, Count = batches.BatchesPerEpoch, Every = every, Patience = settings.Patience };
    }

    /// <summary>Says why the run ended where it is before its last step, and goes back to its best state.</summary>
    private static void Finish(RunContext context, Trainer trainer)
    {
        var settings = context.Settings;
        if (trainer.End == TrainingEnd.TimeLimit)
        {
            context.Output.Say(string.Create(CultureInfo.InvariantCulture, $"The time limit of {settings.TimeLimit} minutes passed after step {trainer.StepsDone} of {settings.Steps}. Go on with the arguments: train --output {ShellArgument.Of(settings.Output)} --resume"));
        }
        else if (trainer.End == TrainingEnd.StopAfter)
        {
            context.Output.Say($"Ended after step {trainer.StepsDone} of {settings.Steps}, as --stop-after tells. Go on with the arguments: train --output {ShellArgument.Of(settings.Output)} --resume");
        }
        else if (trainer.End == TrainingEnd.NoImprovement)
        {
            context.Output.Say($"Ended after step {trainer.StepsDone} of {settings.Steps}: no new best in {settings.Patience} evaluations.");
        }

        if (trainer.BestCheckpoint is { } best && settings.EvaluateEvery is not null)
        {
            trainer.Resume(best);
            context.Output.Say($"The best state by the held-out loss is that of step {trainer.StepsDone}.");
        }
    }

    private static string BoardOf(RunSettings settings) => Path.Combine(settings.Output, "tensorboard");

    private static void RequireNothing(string path, bool isThere, string what)
    {
        if (isThere)
        {
            throw new ArgumentException($"{path} is {what} of the run goes; remove it, or give another --output.");
        }
    }
}
