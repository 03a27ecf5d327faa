using System.Globalization;
using Jigsaw.CommandLine.Measuring;
using Jigsaw.CommandLine.Running;
using Jigsaw.Data;
using Jigsaw.Evaluation.Attacks;

namespace Jigsaw.CommandLine.Verbs;

/// <summary>What a program does without a verb: evaluates, trains, evaluates again, fits two attacks, shows a chat, and runs the suite.</summary>
internal static class WholeVerb
{
    internal static int Run(RunContext context)
    {
        TrainingRun.RequireFolder(context);
        var settings = context.Settings;
        using var session = new RunSession(settings);
        var evaluation = ChatDataset.Read(settings.EvaluationData, settings.EvaluationChats);
        TrainingRun.Introduce(context, session);
        using var trials = new Trials(session.Model, session.Student.Adapters, session.Transform, session.Tokenizer, evaluation);
        using var nearest = new NearestNeighborAttack(session.Model.EmbeddingTable);
        var before = trials.Measure([nearest]);
        TrainingRun.Train(context, session);

        // The attacker's data is the training's, in another order.
        var pairs = session.Chats.Value.Batches(session.Tokenizer, settings.Seed + 1);
        using var scratch = Fit(context, session, pairs, usesEmbeddingTable: false);
        using var informed = Fit(context, session, pairs, usesEmbeddingTable: true);
        var after = trials.Measure([nearest, scratch, informed]);
        EvaluateVerb.Write(settings.Output, after, evaluation.Examples.Count);
        context.Output.Show(RunTables.Compare(("before", before), ("after", after)));
        context.Output.Say("What these attacks recovered is not a bound on what others could.");
        var conversation = trials.Converse([nearest, scratch, informed], settings.MaxTokens, context.Cancellation);
        context.Output.Show(RunTables.Of(conversation));
        if (settings.Chat)
        {
            ConversationFile.Write(settings.Output, conversation);
        }

        if (settings.Attacks != AttackSet.None)
        {
            SuiteStage.Run(context, session.Model, session.Student.Adapters, session.Transform, session.Tokenizer, evaluation, RunData.Known(context));
        }

        return JigsawExitCode.Success;
    }

    private static TrainedInversionAttack Fit(RunContext context, RunSession session, ITokenBatches pairs, bool usesEmbeddingTable)
    {
        var steps = context.Settings.AttackSteps;
        context.Output.Say("Fitting an inversion attack that owns the transform …");
        return TrainedInversionAttack.Fit(
            session.Transform,
            pairs,
            new TrainedInversionAttackOptions { Steps = steps, UsesEmbeddingTable = usesEmbeddingTable },
            (step, loss) =>
            {
                if (step == steps)
                {
                    context.Output.Say(string.Create(CultureInfo.InvariantCulture, $"Attack fitted: {loss:0.00} nats per transformed token on its last batch."));
                }
            },
            cancellation: context.Cancellation);
    }
}
