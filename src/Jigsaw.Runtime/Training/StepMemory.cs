using Jigsaw.Losses.Logits;
using Jigsaw.Models;
using Jigsaw.Models.Configuration;
using Jigsaw.Models.Decoder;
using Jigsaw.Passes;
using Jigsaw.Steps;
using Jigsaw.Tensors;
using Jigsaw.Transforms;
using TorchSharp;

namespace Jigsaw.Training;

/// <summary>
/// An estimate of the memory that <see cref="BoundLoss.RunStep"/> and AdamW take on the CPU at their peak, in bytes, part by part; <c>docs/performance.md</c> has the formula. The process's own
/// memory, .NET and libtorch, comes on top.
/// </summary>
public sealed class StepMemory
{
    // Tensors of the transform that a step keeps, of tokens · features, beside the feed-forward block's two.
    private const int TransformTensors = 27;

    private const long FloatBytes = 4;

    private StepMemory()
    {
    }

    /// <summary>The frozen base.</summary>
    public long Weights { get; private init; }

    /// <summary>Adapters and transform, each with its gradient and AdamW's two moments.</summary>
    public long Trained { get; private init; }

    /// <summary>What the transform keeps for its backward pass, and its outputs with their gradients.</summary>
    public long Transform { get; private init; }

    /// <summary>What passes keep for their backward pass, and the hidden states that the loss reads.</summary>
    public long Activations { get; private init; }

    /// <summary>Chunks of logits, and the teacher's that later stages read.</summary>
    public long Logits { get; private init; }

    /// <summary>What one layer, the loss on embeddings or the transform's backward pass has for a moment, whichever is largest.</summary>
    public long Passing { get; private init; }

    /// <summary>All of it.</summary>
    public long Total => Weights + Trained + Transform + Activations + Logits + Passing;

    /// <summary>Estimates a step.</summary>
    /// <param name="loss">The bound recipe, whose student is a <see cref="CausalLM"/> with low-rank adapters.</param>
    /// <param name="transform">The transform.</param>
    /// <param name="rows">Rows of a batch.</param>
    /// <param name="length">Tokens of a row, padding included.</param>
    /// <param name="microBatch">Rows that the models run on together; null for all.</param>
    /// <exception cref="ArgumentException">The model is another one.</exception>
    public static StepMemory Of(BoundLoss loss, StainedGlassTransform transform, int rows, int length, int? microBatch = null)
    {
        ArgumentNullException.ThrowIfNull(loss);
        ArgumentNullException.ThrowIfNull(transform);
        ArgumentOutOfRangeException.ThrowIfLessThan(rows, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        if (loss.Student.Model is not CausalLM model)
        {
            throw new ArgumentException($"The memory of a step is known for a CausalLM, not for a {loss.Student.Model.GetType().Name}.", nameof(loss));
        }

        var (config, plan, tokens, element) = (model.Config, loss.Plan, (long)Math.Min(rows, microBatch ?? rows) * length, model.DType.ElementSize());
        var features = tokens * config.HiddenSize * FloatBytes;
        var allFeatures = (long)rows * length * config.HiddenSize * FloatBytes;
        var trained = JigsawOptimizer.Groups(transform, loss.Student).SelectMany(group => group.Parameters).Sum(parameter => parameter.Value.numel());
        var last = plan.Passes.Any(pass => pass.Logits) ? config.LayerCount : (plan.DistillationLayer ?? -1) + 1;
        var recorded = plan.Stages.Select(stage => stage.Count(pass => pass.Gradient != GradientFlow.None)).DefaultIfEmpty(0).Max();
        var layers = loss.Rematerialize ? 1 : last;
        var perLayer = model.RecordedFeatures * tokens * element;
        var states = plan.Passes.Sum(pass => (pass.Logits ? 1L : 0) + (pass.Layer ? 1 : 0));
        return new StepMemory
        {
            Weights = model.NamedWeights(adapters: null).Sum(weight => weight.Shape.Aggregate(1L, (product, size) => product * size)) * element,
            Trained = trained * 4 * FloatBytes,
            Transform = ((TransformTensors + (2 * transform.Config.FeedForwardRatio)) * allFeatures) + MaskBytes(rows, length),
            Activations = (recorded * ((layers * perLayer) + ((last + 1) * features / FloatBytes * element))) + (2 * Math.Min(states, 2 + (2 * recorded)) * features / FloatBytes * element),
            Logits = LogitBytes(loss, plan, tokens, config.VocabularySize),
            Passing = PassingBytes(config, tokens / length, length, element, isHost: model.Device.type == DeviceType.CPU),
        };
    }

    /// <summary>The transform's mask and bias of all rows and columns.</summary>
    private static long MaskBytes(long rows, long length) => AttentionBlock.IsLong(length, length) ? 0 : length * length * ((rows * 7) + 2);

    private static long LogitBytes(BoundLoss loss, LossPlan plan, long tokens, long vocabulary)
    {
        var reading = plan.Stages.Count(stage => stage.Any(pass => pass.Logits));
        if (reading == 0)
        {
            return 0;
        }

        var chunk = Math.Min(tokens, LoopRows.RowsOf(loss.WorkspaceBytes ?? LoopRows.HostWorkspaceBytes, vocabulary)) * vocabulary * FloatBytes;
        var kept = reading > 1 && !loss.Rematerialize ? Math.Min(tokens * vocabulary * FloatBytes, TeacherTargets.StepBytes) : chunk;
        return chunk + kept;
    }

    /// <summary>The largest of what is there for a moment: one layer forward, its feed-forward block backward, or its attention backward.</summary>
    private static long PassingBytes(CausalLMConfig config, long rows, long length, long element, bool isHost)
    {
        // The backward pass of the feed-forward block is computed in at least float32, and that of attention on the CPU.
        var wide = Math.Max(element, FloatBytes);
        var ofAttention = isHost ? wide : element;
        var (hidden, inner, heads, shared) = ((long)config.HiddenSize, (long)config.IntermediateSize, (long)config.HeadCount * config.HeadDim, (long)config.KeyValueHeadCount * config.HeadDim);
        var forward = (10 * hidden) + (8 * heads) + (6 * shared) + (4 * inner);
        var feedForward = (7 * inner) + (9 * hidden);
        var scores = config.HeadCount * length;
        var attention = (14 * heads) + (14 * shared) + (rows * config.HeadCount * length * length * ofAttention <= DecoderLayer.ScoreBytes ? 3 * scores : 0) + (3 * hidden);
        return Math.Max(forward * element, Math.Max(feedForward * wide, attention * ofAttention)) * rows * length;
    }
}
