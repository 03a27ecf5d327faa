using Jigsaw.Training;
using Jigsaw.Transforms;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Jigsaw.Evaluation;

/// <summary>
/// A small network fitted on pairs of x̃ and tokens, as an attacker would who owns the transform: a bidirectional transformer encoder
/// over the sequence of x̃ with a classifier over the vocabulary. What it reads bounds privacy from above only for readers of its size.
/// </summary>
public sealed class TrainedReader : IEmbeddingReader, IDisposable
{
    private const int MaxPositions = 4096;

    private readonly Linear _input;
    private readonly Embedding _positions;
    private readonly TransformerEncoderLayer[] _layers;
    private readonly Linear _output;
    private readonly double _scale;

    private TrainedReader(long features, long vocabulary, double scale, TrainedReaderOptions options, Device device)
    {
        _scale = scale;
        _input = nn.Linear(features, options.Width).to(device);
        _positions = nn.Embedding(MaxPositions, options.Width).to(device);
        _layers = [.. Enumerable.Range(0, options.Layers).Select(_ => nn.TransformerEncoderLayer(options.Width, options.Heads, 4 * options.Width, dropout: 0, nn.Activations.GELU).to(device))];
        _output = nn.Linear(options.Width, vocabulary).to(device);
    }

    /// <inheritdoc/>
    public string Name => "trained reader";

    /// <summary>Fits a reader to a transform.</summary>
    /// <param name="transform">The transform under attack; each batch gets a fresh sample.</param>
    /// <param name="vocabulary">Tokens that can be read.</param>
    /// <param name="batches">Data that the evaluation doesn't use.</param>
    /// <param name="options">Its size and how long it is fitted.</param>
    /// <param name="onStep">Called after each step with its number and the mean cross-entropy of the transformed tokens.</param>
    /// <param name="cancellation">Stops between two steps.</param>
    public static TrainedReader Fit(
        StainedGlassTransform transform,
        long vocabulary,
        ITokenBatches batches,
        TrainedReaderOptions options,
        Action<int, double>? onStep = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(transform);
        ArgumentNullException.ThrowIfNull(batches);
        ArgumentNullException.ThrowIfNull(options);

        // Modules draw their initial weights from the global generator: lend it, and give it back as it was.
        using var state = random.get_rng_state();
        random.manual_seed(options.Seed);
        TrainedReader reader;
        try
        {
            reader = new TrainedReader(transform.Features, vocabulary, transform.Scale, options, transform.Device);
        }
        finally
        {
            random.set_rng_state(state);
        }

        using var optimizer = optim.AdamW(reader.Parameters(), options.LearningRate, beta2: 0.98, weight_decay: 0.01);
        var schedule = new LearningRateSchedule(options.LearningRate, Math.Max(1, options.Steps / 10), options.Steps, 0.05);
        for (var step = 0; step < options.Steps; step++)
        {
            cancellation.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            using var batch = batches.At(step);
            foreach (var group in optimizer.ParamGroups)
            {
                group.LearningRate = schedule.At(step);
            }

            Tensor noisy;
            using (no_grad())
            {
                noisy = transform.Apply(batch).Noisy;
            }

            var rows = AgreementEvaluator.Rows(batch.NoiseMask);
            var states = AgreementEvaluator.Pick(reader.States(noisy, batch.AttentionMask), rows);
            var loss = nn.functional.cross_entropy(reader._output.call(states), batch.InputIds.flatten().index_select(0, rows));
            optimizer.zero_grad();
            loss.backward();
            nn.utils.clip_grad_norm_(reader.Parameters(), 1.0);
            optimizer.step();
            onStep?.Invoke(step + 1, loss.ToDouble());
        }

        return reader;
    }

    /// <inheritdoc/>
    public Tensor Read(Tensor noisy, RowMask attentionMask, int candidates)
    {
        ArgumentNullException.ThrowIfNull(noisy);
        ArgumentNullException.ThrowIfNull(attentionMask);
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        return _output.call(States(noisy, attentionMask)).topk(candidates, -1).indexes.MoveToOuterDisposeScope();
    }

    /// <summary>Frees the network.</summary>
    public void Dispose()
    {
        _input.Dispose();
        _positions.Dispose();
        foreach (var layer in _layers)
        {
            layer.Dispose();
        }

        _output.Dispose();
    }

    private IEnumerable<Parameter> Parameters() =>
        [.. _input.parameters(), .. _positions.parameters(), .. _layers.SelectMany(layer => layer.parameters()), .. _output.parameters()];

    private Tensor States(Tensor noisy, RowMask attentionMask)
    {
        if (noisy.shape[1] > MaxPositions)
        {
            throw new ArgumentException($"A trained reader reads up to {MaxPositions} tokens, not {noisy.shape[1]}.", nameof(noisy));
        }

        var positions = _positions.call(arange(noisy.shape[1], device: noisy.device));
        var states = (_input.call(noisy.to(ScalarType.Float32) / _scale) + positions).transpose(0, 1);
        var padding = attentionMask.Value.logical_not();
        foreach (var layer in _layers)
        {
            states = layer.call(states, null!, padding);
        }

        return states.transpose(0, 1);
    }
}
