using Jigsaw.Batches;
using Jigsaw.Data;
using Jigsaw.Training;
using Jigsaw.Transforms;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Jigsaw.Evaluation.Attacks;

/// <summary>
/// A small network fitted on pairs of x̃ and tokens, as an attacker would who owns the transform: a bidirectional transformer encoder
/// over the sequence of x̃ and a classifier over the vocabulary. With the model's embedding table it guesses each token's embedding,
/// starting from x̃ itself, and compares the guess with the table. What it recovers bounds privacy from above only for attacks of its size.
/// </summary>
public sealed class TrainedInversionAttack : nn.Module, IInversionAttack
{
    private const int MaxPositions = 4096;

    private readonly Linear _input;
    private readonly Embedding _positions;
    private readonly TransformerEncoderLayer[] _layers;
    private readonly Linear _guess;
    private readonly Linear _classifier;
    private readonly double _scale;
    private readonly bool _usesTable;

    private TrainedInversionAttack(Tensor table, double scale, TrainedInversionAttackOptions options)
        : base(nameof(TrainedInversionAttack))
    {
        var (vocabulary, features, device) = (table.shape[0], table.shape[1], table.device);
        _scale = scale;
        _input = nn.Linear(features, options.Width).to(device);
        _positions = nn.Embedding(MaxPositions, options.Width).to(device);
        _layers = [.. Enumerable.Range(0, options.Layers).Select(_ => nn.TransformerEncoderLayer(options.Width, options.Heads, 4 * options.Width, dropout: 0, nn.Activations.GELU).to(device))];
        _guess = nn.Linear(options.Width, features).to(device);
        _classifier = nn.Linear(features, vocabulary).to(device);
        _usesTable = options.UsesEmbeddingTable;
        register_module("input", _input);
        register_module("positions", _positions);
        for (var i = 0; i < _layers.Length; i++)
        {
            register_module($"layer{i}", _layers[i]);
        }

        register_module("guess", _guess);
        register_module("classifier", _classifier);
        if (!_usesTable)
        {
            return;
        }

        using var noGrad = no_grad();
        using var scope = NewDisposeScope();

        // ⟨x̃, w⟩ − ½‖w‖² is largest for the nearest row: the attack begins as the nearest neighbor.
        var rows = table.to(ScalarType.Float32) / scale;
        _classifier.weight.copy_(rows);
        _classifier.bias!.copy_(rows.square().sum([1]).mul_(-0.5));
    }

    /// <inheritdoc/>
    public string Name => _usesTable ? "trained attack with embeddings" : "trained attack";

    /// <inheritdoc/>
    public string Knowledge => _usesTable ? "pairs of x̃ and tokens from the transform, and the embedding table" : "pairs of x̃ and tokens from the transform";

    /// <summary>Fits an attack to a transform.</summary>
    /// <param name="transform">The transform under attack; each batch gets a fresh sample, with secure noise.</param>
    /// <param name="batches">Data that the evaluation doesn't use.</param>
    /// <param name="options">Its size and how long it is fitted.</param>
    /// <param name="onStep">Called after each step with its number and the mean cross-entropy of the transformed tokens.</param>
    /// <param name="cancellation">Stops between two steps.</param>
    public static TrainedInversionAttack Fit(
        StainedGlassTransform transform,
        ITokenBatches batches,
        TrainedInversionAttackOptions options,
        Action<int, double>? onStep = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(transform);
        ArgumentNullException.ThrowIfNull(batches);
        ArgumentNullException.ThrowIfNull(options);

        // Modules draw their initial weights from the global generator: lend it, and give it back as it was.
        using var state = random.get_rng_state();
        random.manual_seed(options.Seed);
        TrainedInversionAttack attack;
        try
        {
            attack = new TrainedInversionAttack(transform.EmbeddingTable, transform.Scale, options);
        }
        finally
        {
            random.set_rng_state(state);
        }

        using var used = transform.WithSecureNoise();
        using var optimizer = optim.AdamW(attack.parameters(), options.LearningRate, beta2: 0.98, weight_decay: 0.01);
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
                noisy = used.Apply(batch).Noisy;
            }

            var rows = MaskedRows.Of(batch.NoiseMask);
            var guesses = MaskedRows.Pick(attack.Guesses(noisy, batch.AttentionMask), rows);
            var loss = nn.functional.cross_entropy(attack._classifier.call(guesses), batch.InputIds.flatten().index_select(0, rows));
            optimizer.zero_grad();
            loss.backward();
            nn.utils.clip_grad_norm_(attack.parameters(), 1.0);
            optimizer.step();
            onStep?.Invoke(step + 1, loss.ToDouble());
        }

        return attack;
    }

    /// <inheritdoc/>
    public Tensor Recover(Tensor noisy, RowMask attentionMask, int candidates)
    {
        ArgumentNullException.ThrowIfNull(noisy);
        ArgumentNullException.ThrowIfNull(attentionMask);
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        return _classifier.call(Guesses(noisy, attentionMask)).topk(candidates, -1).indexes.MoveToOuterDisposeScope();
    }

    private Tensor Guesses(Tensor noisy, RowMask attentionMask)
    {
        if (noisy.shape[1] > MaxPositions)
        {
            throw new ArgumentException($"The batch has {noisy.shape[1]} tokens per row, the trained attack takes at most {MaxPositions}; cut the prompts.", nameof(noisy));
        }

        var positions = _positions.call(arange(noisy.shape[1], device: noisy.device));
        var seen = noisy.to(ScalarType.Float32) / _scale;
        var states = (_input.call(seen) + positions).transpose(0, 1);
        var padding = attentionMask.Value.logical_not();
        foreach (var layer in _layers)
        {
            states = layer.call(states, null!, padding);
        }

        var guesses = _guess.call(states.transpose(0, 1));
        return _usesTable ? seen + guesses : guesses;
    }
}
