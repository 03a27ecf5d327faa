using System.Globalization;
using Jigsaw.CommandLine.Running;
using Jigsaw.Inspection;
using Jigsaw.Passes;
using Jigsaw.Steps;
using Jigsaw.Training;
using TorchSharp;

namespace Jigsaw.CommandLine.Verbs;

/// <summary><c>plan</c>.</summary>
internal static class PlanVerb
{
    // A value, its gradient, or one of the optimizer's moments, float32.
    private const int BytesOfNumber = 4;

    /// <summary>How many numbers an optimizer keeps of each number of a tensor.</summary>
    private static int Moments(TrainingOptimizer optimizer, long dimensions) => optimizer switch
    {
        TrainingOptimizer.AdamW => 2,
        TrainingOptimizer.Muon when dimensions != 2 => 2,
        _ => 1,
    };

    internal static int Run(RunContext context)
    {
        var settings = context.Settings;
        if (settings.Memory && settings.MaxLength is null)
        {
            throw new ArgumentException("--memory needs the tokens of a row; give --max-length.");
        }

        if (!Directory.Exists(settings.Model))
        {
            Say(context, settings.Recipe.Members.Plan);
            context.Output.Say($"There is no model in {settings.Model}, so memory is not told; name one with --model.");
            return JigsawExitCode.Success;
        }

        using var session = new RunSession(settings);
        Say(context, session.Loss.Plan);
        if (session.Loss.Plan.Find(Pass.TeacherClean) is not null)
        {
            context.Output.Say(string.Create(CultureInfo.InvariantCulture, $"The teacher's cache takes {TeacherCache.SizeOf(session.Loss.Plan, session.Model, 1, 0)} bytes for each token of the data, in bfloat16."));
        }

        var held = CheckpointSummary.Read(settings.Model).ParameterCount * (settings.DType == torch.ScalarType.BFloat16 ? 2 : 4);
        var (optimizer, parameters) = (settings.Recipe.Defaults.Optimizer, JigsawOptimizer.Groups(session.Transform, session.Student).SelectMany(group => group.Parameters).Select(parameter => parameter.Value).ToArray());
        var trained = parameters.Sum(parameter => parameter.numel());
        var kept = parameters.Sum(parameter => parameter.numel() * (2 + Moments(optimizer, parameter.dim())) * BytesOfNumber);
        context.Output.Say(string.Create(CultureInfo.InvariantCulture,
            $"Memory: {RunData.Mebibytes(held)} for the frozen base, {RunData.Mebibytes(kept)} for {trained} trained numbers with their gradients and the moments of {optimizer}; {(settings.Memory ? "a step has more:" : "what a step has besides is told by --memory.")}"));
        if (settings.Memory)
        {
            SayMemory(context, session);
        }

        return JigsawExitCode.Success;
    }

    private static void SayMemory(RunContext context, RunSession session)
    {
        var settings = context.Settings;
        var length = settings.MaxLength!.Value;
        var memory = StepMemory.Of(session.Loss, session.Transform, settings.Batch, length, settings.MicroBatch);
        var parts = settings.MicroBatch is { } rows && rows < settings.Batch ? string.Create(CultureInfo.InvariantCulture, $", {rows} at a time") : "";
        context.Output.Say(string.Create(CultureInfo.InvariantCulture,
            $"{RunData.Mebibytes(memory.Transform)} for the transform's graph, {RunData.Mebibytes(memory.Activations)} for the activations that passes keep, {RunData.Mebibytes(memory.Logits)} for chunks of logits, and {RunData.Mebibytes(memory.Passing)} that a layer has for a moment. All of it is {RunData.Mebibytes(memory.Total)} for {settings.Batch} rows of {length} tokens{parts}; .NET and libtorch come on top, and with the C library of most Linux systems holes in its heap, up to half as much, unless MALLOC_MMAP_THRESHOLD_=1048576 is set."));
    }

    private static void Say(RunContext context, LossPlan plan)
    {
        var cost = PlanCost.Of(plan);
        context.Output.Say($"Recipe {context.Settings.Recipe.Name}. A step runs:");
        context.Output.Say(plan.ToString());
        context.Output.Say(string.Create(CultureInfo.InvariantCulture,
            $"On average a step costs {cost.Forwards:0.##} forwards and {cost.Backwards:0.##} backwards of the base: about {cost.Forwards + cost.Backwards:0.##} forwards, since a backward pass through a frozen base costs about one."));
        if (plan.Find(Pass.TeacherClean) is not null)
        {
            var cached = PlanCost.Of(plan, cached: true);
            context.Output.Say(string.Create(CultureInfo.InvariantCulture, $"With --teacher-cache, TeacherClean runs once for each chat: from the second epoch on {cached.Forwards:0.##} forwards and {cached.Backwards:0.##} backwards, about {cached.Forwards + cached.Backwards:0.##} forwards."));
        }
    }
}
