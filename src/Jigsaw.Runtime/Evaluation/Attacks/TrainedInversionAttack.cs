using Jigsaw.Batches;
using Jigsaw.Data;
using Jigsaw.Tensors;
using Jigsaw.Training;
using Jigsaw.Transforms;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Jigsaw.Evaluation.Attacks;

/// <summary>
/// A small network fitted on pairs of x̃ and tokens, as an attacker would who owns the transform: a bidirectional transformer encoder over the sequence of x̃, each feature centered and in units of its spread, and a classifier over the
/// vocabulary. With the model's embedding table it guesses each token's embedding, starting from the best affine map of x̃, and compares the guess with the table. What it recovers bounds privacy from above only for attacks of its size.
/// </summary>
public sealed class TrainedInversionAttack : nn.Module, IInversionAttack
{
    private const int MaxPositions = 4096;

    // A loss that falls by less than a hundredth over two looks is flat. The learning rate is then cut, twice, before that counts.
    private const double Flat = 0.01;
    private const int Patience = 2;
    private const int Cuts = 2;
    private const double Cut = 0.3;
    private const int HeldOutBatches = 4;

    // What the features' means and spreads, and the affine map, are taken from.
    private const int FirstTokens = 10_000;
    private const int FirstBatches = 64;

    // Tokens that aren't transformed can lie a thousand spreads away, and would drown the others in attention.
    private const double MostSpreads = 10;

    private readonly Linear _input;
    private readonly Embedding _positions;
    private readonly TransformerEncoderLayer[] _layers;
    private readonly Linear _guess;
    private readonly Linear _classifier;
    private readonly Tensor _mean;
    private readonly Tensor _spread;
    private readonly Tensor? _begin;
    private readonly double _scale;

    private TrainedInversionAttack(Tensor table, double scale, TrainedInversionAttackOptions options, Tensor noisy, Tensor ids)
        : base(nameof(TrainedInversionAttack))
    {
        var (vocabulary, features, device) = (table.shape[0], table.shape[1], table.device);
        _scale = scale;
        using var spread = noisy.std(0, unbiased: false);
        _mean = noisy.mean([0]).DetachFromDisposeScope();
        _spread = spread.clamp_min(Scalars.Of(1e-6 * scale)).DetachFromDisposeScope();
        _input = nn.Linear(features, options.Width).to(device);
        _positions = nn.Embedding(MaxPositions, options.Width).to(device);
        _layers = [.. Enumerable.Range(0, options.Layers).Select(_ => nn.TransformerEncoderLayer(options.Width, options.Heads, 4 * options.Width, dropout: 0, nn.Activations.GELU).to(device))];
        _guess = nn.Linear(options.Width, features).to(device);
        _classifier = nn.Linear(features, vocabulary).to(device);
        register_buffer("mean", _mean);
        register_buffer("spread", _spread);
        register_module("input", _input);
        register_module("positions", _positions);
        for (var i = 0; i < _layers.Length; i++)
        {
            register_module($"layer{i}", _layers[i]);
        }

        register_module("guess", _guess);
        register_module("classifier", _classifier);
        if (!options.UsesEmbeddingTable)
        {
            return;
        }

        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        using var ridge = RidgeAttack.Fit(noisy, ids, table);
        _begin = ridge.Map.clone().DetachFromDisposeScope();
        register_buffer("begin", _begin);

        // ⟨guess, w⟩ − ½‖w‖² is largest for the nearest row: the attack begins as ridge does.
        var rows = table.to(ScalarType.Float32) / Scalars.Of(scale);
        _classifier.weight.copy_(rows);
        _classifier.bias!.copy_(rows.Squared().sum([1]).mul_(Scalars.Of(-0.5)));
    }

    /// <inheritdoc/>
    public string Name => _begin is not null ? "trained attack with embeddings" : "trained attack";

    /// <inheritdoc/>
    public string Knowledge => _begin is not null ? "pairs of x̃ and tokens from the transform, and the embedding table" : "pairs of x̃ and tokens from the transform";

    /// <summary>Steps that it was fitted for.</summary>
    public int FittedSteps { get; private set; }

    /// <summary>The smallest mean cross-entropy of the held-out batches' transformed tokens, in nats; null without such batches.</summary>
    public double? HeldOutLoss { get; private set; }

    /// <summary>True if it was fitted until its held-out loss was flat, false if it was fitted for a number of steps and might learn more.</summary>
    public bool IsFlat { get; private set; }

    /// <summary>Fits an attack to a transform.</summary>
    /// <param name="transform">The transform under attack; each batch gets a fresh sample, with secure noise.</param>
    /// <param name="batches">Data that the evaluation doesn't use.</param>
    /// <param name="options">Its size and how long it is fitted.</param>
    /// <param name="onStep">Called after each step with its number and the mean cross-entropy of the transformed tokens.</param>
    /// <param name="heldOut">Batches that it is not fitted on: it stops when their loss is flat, or after all steps. Null fits it for all steps.</param>
    /// <param name="cancellation">Stops between two steps.</param>
    public static TrainedInversionAttack Fit(
        StainedGlassTransform transform,
        ITokenBatches batches,
        TrainedInversionAttackOptions options,
        Action<int, double>? onStep = null,
        ITokenBatches? heldOut = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(transform);
        ArgumentNullException.ThrowIfNull(batches);
        ArgumentNullException.ThrowIfNull(options);

        using var used = transform.WithSecureNoise();
        var (noisy, ids) = First(used, batches, options.Draws);

        // Modules draw their initial weights from the global generator: lend it, and give it back as it was.
        using var state = random.get_rng_state();
        random.manual_seed(options.Seed);
        TrainedInversionAttack attack;
        using (noisy)
        using (ids)
        {
            try
            {
                attack = new TrainedInversionAttack(transform.EmbeddingTable, transform.Scale, options, noisy, ids);
            }
            finally
            {
                random.set_rng_state(state);
            }
        }

        using var optimizer = JigsawOptimizer.AdamW([new ParameterGroup { Name = "attack", Parameters = [.. attack.named_parameters()] }], options.LearningRate, beta2: 0.98);
        var schedule = new LearningRateSchedule(options.LearningRate, Math.Max(1, options.Steps / 10), options.Steps, 0.05);
        var watch = heldOut is null ? null : new HeldOutWatch(attack, used, heldOut, options.Draws);
        for (var step = 0; step < options.Steps && !attack.IsFlat; step++)
        {
            cancellation.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            using var batch = batches.At(step);
            foreach (var group in optimizer.ParamGroups)
            {
                group.LearningRate = watch is null ? schedule.At(step) : options.LearningRate * watch.Rate * Math.Min(1, (step + 1.0) / options.CheckEvery);
            }

            var loss = attack.Loss(used, batch, options.Draws);
            optimizer.zero_grad();
            loss.backward();
            nn.utils.clip_grad_norm_(attack.parameters(), 1.0);
            optimizer.step();
            onStep?.Invoke(step + 1, loss.ReadDouble());
            attack.FittedSteps = step + 1;
            if (watch is not null && attack.FittedSteps % options.CheckEvery == 0)
            {
                watch.Look();
            }
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

    /// <summary>ln r(v | x̃), shape (batch, sequence, vocabulary), in the caller's dispose scope.</summary>
    internal Tensor LogProbabilities(Tensor noisy, RowMask attentionMask)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        return _classifier.call(Guesses(noisy, attentionMask)).log_softmax(-1).MoveToOuterDisposeScope();
    }

    /// <summary>Transformed tokens of the first batches, shapes (tokens, features) and (tokens).</summary>
    private static (Tensor Noisy, Tensor Ids) First(StainedGlassTransform transform, ITokenBatches batches, int draws)
    {
        using var all = NewDisposeScope();
        var (noisy, ids, count) = (new List<Tensor>(), new List<Tensor>(), 0L);
        for (var i = 0; i < FirstBatches && count < FirstTokens; i++)
        {
            using var scope = NewDisposeScope();
            using var batch = batches.At(i);
            var rows = MaskedRows.Of(batch.NoiseMask);
            noisy.Add(MaskedRows.Pick(Mean(transform, batch, draws), rows).MoveToOuterDisposeScope());
            ids.Add(batch.InputIds.flatten().index_select(0, rows).MoveToOuterDisposeScope());
            count += rows.shape[0];
        }

        return count > 0 ? (cat(noisy).MoveToOuterDisposeScope(), cat(ids).MoveToOuterDisposeScope()) : throw new ArgumentException($"None of the first {FirstBatches} batches has a transformed token, and the attack learns from these; give batches whose noise masks cover tokens.", nameof(batches));
    }

    /// <summary>The mean of so many draws of x̃, float32.</summary>
    private static Tensor Mean(StainedGlassTransform transform, TokenBatch batch, int draws)
    {
        using var noGrad = no_grad();
        var noisy = transform.Apply(batch).Noisy.to(ScalarType.Float32);
        for (var i = 1; i < draws; i++)
        {
            noisy = noisy.Plus(transform.Apply(batch).Noisy);
        }

        return noisy / Scalars.Of(draws);
    }

    /// <summary>Mean cross-entropy of a batch's transformed tokens, on fresh samples.</summary>
    private Tensor Loss(StainedGlassTransform transform, TokenBatch batch, int draws)
    {
        var rows = MaskedRows.Of(batch.NoiseMask);
        var guesses = MaskedRows.Pick(Guesses(Mean(transform, batch, draws), batch.AttentionMask), rows);
        return nn.functional.cross_entropy(_classifier.call(guesses), batch.InputIds.flatten().index_select(0, rows));
    }

    private Tensor Guesses(Tensor noisy, RowMask attentionMask)
    {
        if (noisy.shape[1] > MaxPositions)
        {
            throw new ArgumentException($"The batch has {noisy.shape[1]} tokens per row, the trained attack takes at most {MaxPositions}; cut the prompts.", nameof(noisy));
        }

        var positions = _positions.call(arange(Scalars.Of(0), Scalars.Of(noisy.shape[1]), Scalars.One, device: noisy.device));
        var (exact, features) = (noisy.to(ScalarType.Float32), noisy.shape[2]);
        var seen = ((exact - _mean) / _spread).clamp_(Scalars.Of(-MostSpreads), Scalars.Of(MostSpreads));
        var states = _input.call(seen).Plus(positions).transpose(0, 1);
        var padding = attentionMask.Value.logical_not();
        foreach (var layer in _layers)
        {
            states = layer.call(states, null!, padding);
        }

        var guesses = _guess.call(states.transpose(0, 1));
        return _begin is null ? guesses : guesses.Plus((exact.matmul(_begin.narrow(0, 0, features)).Plus(_begin[features])) / Scalars.Of(_scale));
    }

    /// <summary>Looks at the loss of held-out batches.</summary>
    private sealed class HeldOutWatch(TrainedInversionAttack attack, StainedGlassTransform transform, ITokenBatches batches, int draws)
    {
        private double _before = double.PositiveInfinity;
        private int _flat;
        private int _cuts;

        public double Rate { get; private set; } = 1;

        public void Look()
        {
            using var noGrad = no_grad();
            var loss = 0.0;
            for (var i = 0; i < HeldOutBatches; i++)
            {
                using var scope = NewDisposeScope();
                using var batch = batches.At(i);
                loss += attack.Loss(transform, batch, draws).ReadDouble() / HeldOutBatches;
            }

            attack.HeldOutLoss = Math.Min(loss, attack.HeldOutLoss ?? loss);
            if (loss < _before * (1 - Flat))
            {
                (_before, _flat) = (loss, 0);
                return;
            }

            if (++_flat < Patience)
            {
                return;
            }

            (Rate, _flat) = (Rate * Cut, 0);
            attack.IsFlat = ++_cuts > Cuts;
        }
    }
}
