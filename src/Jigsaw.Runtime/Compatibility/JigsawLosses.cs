using System.Runtime.CompilerServices;
using Jigsaw.Batches;
using Jigsaw.CompilerServices;
using Jigsaw.Losses.Kernels;
using Jigsaw.Losses.Logits;
using Jigsaw.Tensors;
using static TorchSharp.torch;

namespace Jigsaw.Compatibility;

/// <summary>
/// The public functions of the original Python API under C# names, and its two factories, which compose a loss at run time. Tensors
/// are float32, float64, bfloat16 or float16; reductions run in at least float32. Source, unless another is named: Stained Glass Engine
/// docs, loss/jigsaw.
/// </summary>
public static partial class JigsawLosses
{
    private const double EntropyEps = 1e-6;

    /// <summary>
    /// Masked mean of the cross-entropy per token, nothing shifted; with <paramref name="maxLoss"/> maxLoss · sigmoid(scalingFactor · mean). An
    /// empty mask gives 0, or maxLoss/2 with a cap.
    /// </summary>
    /// <param name="logits">Shape (batch, sequence, vocabulary).</param>
    /// <param name="targets">Labels of an integer dtype, shape (batch, sequence), not read for tokens that the mask leaves out; or class probabilities of a floating dtype, shape of the logits, taken as given. A constant.</param>
    /// <param name="mask">Tokens that count, shape (batch, sequence).</param>
    /// <param name="maxLoss">The cap, positive; null for none.</param>
    /// <param name="scalingFactor">How fast the cap is reached, positive; ignored without one.</param>
    /// <returns>A differentiable scalar.</returns>
    /// <exception cref="ArgumentException">Shapes, dtypes or devices differ, or a number is out of range.</exception>
    public static Tensor MaskedCrossEntropy(Tensor logits, Tensor targets, RowMask mask, double? maxLoss = null, double scalingFactor = 1)
    {
        KernelArguments.RequireTokens(logits);
        KernelArguments.RequireDevice(logits.device, targets);
        KernelArguments.RequireMask(logits.device, mask, logits.shape[0], logits.shape[1]);
        RequireCap(maxLoss, scalingFactor);
        var soft = targets.is_floating_point();
        if (soft)
        {
            KernelArguments.RequireLike(logits, targets);
        }
        else if (targets.dtype == ScalarType.Bool || targets.is_complex() || !targets.shape.AsSpan().SequenceEqual(logits.shape.AsSpan(0, 2)))
        {
            throw new ArgumentException($"targets is {targets.dtype} of shape ({string.Join(", ", targets.shape)}); give integer labels of shape ({logits.shape[0]}, {logits.shape[1]}) or floating class probabilities of the logits' shape.", nameof(targets));
        }

        using var scope = NewDisposeScope();
        var mean = LogitsCrossEntropy.Compute(logits, soft ? targets : targets.to(ScalarType.Int64), soft ? LogitsCrossEntropy.Target.Probabilities : LogitsCrossEntropy.Target.Labels, mask);
        return LossCap.Of(mean, maxLoss, scalingFactor).MoveToOuterDisposeScope();
    }

    /// <summary>Masked cross-entropy of logits given flat or by sequence: see <see cref="MaskedCrossEntropy"/>.</summary>
    /// <param name="outputLogits">Shape (batch, sequence, vocabulary) or (batch·sequence, vocabulary).</param>
    /// <param name="targetLabels">Integer labels, shape (batch, sequence) or (batch·sequence); or class probabilities of a floating dtype, shape of the logits.</param>
    /// <param name="batchSize">Number of sequences.</param>
    /// <param name="sequenceLength">Tokens per sequence.</param>
    /// <param name="mask">Tokens that count, shape (batch, sequence).</param>
    /// <param name="maxLoss">The cap, positive; null for none.</param>
    /// <param name="ceScalingFactor">How fast the cap is reached, positive; ignored without one.</param>
    /// <returns>A differentiable scalar.</returns>
    /// <exception cref="ArgumentException">Shapes, dtypes or devices differ, or a number is out of range.</exception>
    public static Tensor ComputeMaskedCrossEntropy(Tensor outputLogits, Tensor targetLabels, long batchSize, long sequenceLength, RowMask mask, double? maxLoss = null, double ceScalingFactor = 1)
    {
        KernelArguments.RequireFloating(outputLogits);
        KernelArguments.RequireAlive(targetLabels);
        using var scope = NewDisposeScope();
        var tokens = batchSize * sequenceLength;
        var vocabulary = outputLogits.dim() > 0 ? outputLogits.shape[^1] : 0;
        Require(batchSize > 0 && sequenceLength > 0, nameof(batchSize), $"({batchSize}, {sequenceLength}) is not a batch of sequences; give positive sizes");
        Require(vocabulary > 0 && outputLogits.numel() == tokens * vocabulary, nameof(outputLogits), $"outputLogits has the shape ({string.Join(", ", outputLogits.shape)}); give ({batchSize}, {sequenceLength}, vocabulary) or ({tokens}, vocabulary)");
        var soft = targetLabels.is_floating_point();
        Require(targetLabels.numel() == (soft ? tokens * vocabulary : tokens), nameof(targetLabels), $"targetLabels is {targetLabels.dtype} of shape ({string.Join(", ", targetLabels.shape)}); give {tokens} integer labels or probabilities of the logits' shape");
        return MaskedCrossEntropy(
            outputLogits.reshape(batchSize, sequenceLength, vocabulary),
            soft ? targetLabels.reshape(batchSize, sequenceLength, vocabulary) : targetLabels.reshape(batchSize, sequenceLength),
            mask,
            maxLoss,
            ceScalingFactor).MoveToOuterDisposeScope();
    }

    /// <summary>mean_m ‖e − t‖₂ / max(‖t‖₂, 1e-8); an empty mask gives 0.</summary>
    /// <param name="embeddings">e, shape (batch, sequence, features).</param>
    /// <param name="targetEmbeddings">t, the same shape; a constant.</param>
    /// <param name="mask">Tokens that count, shape (batch, sequence).</param>
    /// <returns>A differentiable scalar.</returns>
    /// <exception cref="ArgumentException">Shapes, dtypes or devices differ.</exception>
    public static Tensor ComputeMaskedNormalizedL2Loss(Tensor embeddings, Tensor targetEmbeddings, RowMask mask) =>
        PairLoss.Begin(embeddings, targetEmbeddings).NormalizedL2(mask).Value();

    /// <summary>
    /// The three cross-entropies against the teacher's clean logits: <c>jigsaw_ce_performance_loss</c> (student noisy, attention mask),
    /// <c>jigsaw_ce_protection_loss</c> (teacher noisy, loss mask, capped), <c>jigsaw_clean_embeddings_guardrails_loss</c> (student clean, loss mask).
    /// </summary>
    /// <param name="activations">Super-batches of teacher's and student's logits.</param>
    /// <param name="batchSize">Number of sequences in each half.</param>
    /// <param name="sequenceLength">Tokens per sequence.</param>
    /// <param name="vocabSize">Number of classes.</param>
    /// <param name="attentionMask">Real tokens, shape (batch, sequence).</param>
    /// <param name="lossMask">Positions whose logits predict a token that counts, shape (batch, sequence).</param>
    /// <param name="losses">The dictionary that the three are added to.</param>
    /// <param name="jigsawCeProtectionMaxLoss">Cap of the protection term, positive; null for none.</param>
    /// <param name="jigsawCeProtectionLossScalingFactor">How fast the cap is reached, positive.</param>
    /// <param name="ceTarget">What to compare with: the teacher's distribution, or its argmax.</param>
    /// <returns><paramref name="losses"/>.</returns>
    /// <exception cref="ArgumentException">Activations are missing or of another shape, or a number is out of range.</exception>
    public static ComponentLossesDict ComputeJigsawCeLosses(
        ActivationsDict activations,
        long batchSize,
        long sequenceLength,
        long vocabSize,
        RowMask attentionMask,
        RowMask lossMask,
        ComponentLossesDict losses,
        double? jigsawCeProtectionMaxLoss,
        double jigsawCeProtectionLossScalingFactor,
        CeTarget ceTarget = CeTarget.Soft)
    {
        ArgumentNullException.ThrowIfNull(activations);
        ArgumentNullException.ThrowIfNull(losses);
        RequireCap(jigsawCeProtectionMaxLoss, jigsawCeProtectionLossScalingFactor);
        using var scope = NewDisposeScope();
        var (teacherClean, teacherNoisy) = activations.Halves(ActivationsDict.TeacherLogits, 2 * batchSize, sequenceLength, vocabSize);
        var (studentClean, studentNoisy) = activations.Halves(ActivationsDict.StudentLogits, 2 * batchSize, sequenceLength, vocabSize);
        KernelArguments.RequireLike(teacherClean, studentClean);
        KernelArguments.RequireMask(teacherClean.device, attentionMask, batchSize, sequenceLength);
        KernelArguments.RequireMask(teacherClean.device, lossMask, batchSize, sequenceLength);
        var kind = ceTarget == CeTarget.Soft ? LogitsCrossEntropy.Target.Logits : LogitsCrossEntropy.Target.ArgmaxOfLogits;
        losses["jigsaw_ce_performance_loss"] = LogitsCrossEntropy.Compute(studentNoisy, teacherClean, kind, attentionMask).MoveToOuterDisposeScope();
        losses["jigsaw_ce_protection_loss"] = LossCap.Of(LogitsCrossEntropy.Compute(teacherNoisy, teacherClean, kind, lossMask), jigsawCeProtectionMaxLoss, jigsawCeProtectionLossScalingFactor).MoveToOuterDisposeScope();
        losses["jigsaw_clean_embeddings_guardrails_loss"] = LogitsCrossEntropy.Compute(studentClean, teacherClean, kind, lossMask).MoveToOuterDisposeScope();
        return losses;
    }

    /// <summary>
    /// The two normalized L2 distances to the teacher's clean hidden states: <c>jigsaw_l2_performance_loss</c> (student noisy) and
    /// <c>jigsaw_l2_protection_loss</c> (teacher noisy), loss mask.
    /// </summary>
    /// <param name="activations">Super-batches of teacher's and student's hidden states at the distillation layer.</param>
    /// <param name="superBatchSize">Number of sequences in both halves together.</param>
    /// <param name="lossMask">Positions whose logits predict a token that counts, shape (batch, sequence).</param>
    /// <param name="losses">The dictionary that the two are added to.</param>
    /// <returns><paramref name="losses"/>.</returns>
    /// <exception cref="ArgumentException">Activations are missing or of another shape.</exception>
    public static ComponentLossesDict ComputeJigsawL2Losses(ActivationsDict activations, long superBatchSize, RowMask lossMask, ComponentLossesDict losses)
    {
        ArgumentNullException.ThrowIfNull(activations);
        ArgumentNullException.ThrowIfNull(losses);
        using var scope = NewDisposeScope();
        var (teacherClean, teacherNoisy) = activations.Halves(ActivationsDict.TeacherDistillationLayerEmbeddings, superBatchSize);
        var (_, studentNoisy) = activations.Halves(ActivationsDict.StudentDistillationLayerEmbeddings, superBatchSize);
        losses["jigsaw_l2_performance_loss"] = PairLoss.Begin(studentNoisy, teacherClean).NormalizedL2(lossMask).Value().Value.MoveToOuterDisposeScope();
        losses["jigsaw_l2_protection_loss"] = PairLoss.Begin(teacherNoisy, teacherClean).NormalizedL2(lossMask).Value().Value.MoveToOuterDisposeScope();
        return losses;
    }

    /// <summary>mean(−log(σ + eps)) − ½·log(2πe), the mean over tokens that count and all features; our reading of the sign.</summary>
    /// <param name="stds">σ, shape (batch, sequence, features).</param>
    /// <param name="mask">Tokens that count, shape (batch, sequence); null counts all.</param>
    /// <param name="eps">Added to σ.</param>
    /// <returns>A differentiable scalar.</returns>
    /// <exception cref="ArgumentException">Shapes, dtypes or devices differ.</exception>
    public static Tensor GaussianEntropyLogLoss(Tensor stds, RowMask? mask = null, double eps = EntropyEps)
    {
        KernelArguments.RequireTokens(stds);
        using var scope = NewDisposeScope();
        mask ??= RowMask.FromTensor(ones([stds.shape[0], stds.shape[1]], dtype: ScalarType.Bool, device: stds.device));
        KernelArguments.RequireMask(stds.device, mask, stds.shape[0], stds.shape[1]);
        var mean = MaskedMean.Mean(
            stds,
            mask,
            rows => rows.Plus(Scalars.Of(eps)).log().mean([1], keepdim: true).neg_(),
            (rows, factors) => rows.Plus(Scalars.Of(eps)).reciprocal_().mul_(factors / Scalars.Of(-rows.shape[1])));
        return (mean - Scalars.Of(0.5 * Math.Log(2 * Math.PI * Math.E))).MoveToOuterDisposeScope();
    }

    /// <summary>The mutual information of x and x̃ by sub-batches, and the two parts of its mixture entropy: see <see cref="EmbeddingTerms.MutualInformation"/>.</summary>
    /// <param name="clean">x, shape (batch, sequence, features).</param>
    /// <param name="means">μ, the same shape.</param>
    /// <param name="stds">σ, the same shape.</param>
    /// <param name="noisy">x̃, the same shape.</param>
    /// <param name="noiseMask">Tokens that the transform changes, shape (batch, sequence).</param>
    /// <param name="combineNoiseMasks">True if a pair counts where both of its masks are set, false if it counts where the component's is.</param>
    /// <exception cref="ArgumentException">Shapes, dtypes or devices differ.</exception>
    public static (Tensor Value, Tensor MahalanobisDistance, Tensor LogConstantsAndDeterminant) MutualInformationSubBatch(Tensor clean, Tensor means, Tensor stds, Tensor noisy, RowMask noiseMask, bool combineNoiseMasks = true)
    {
        var (value, mahalanobisDistance, logConstantsAndDeterminant) = EmbeddingTerms.Here.MutualInformation(clean, means, stds, noisy, noiseMask, combineNoiseMasks);
        return (value, mahalanobisDistance, logConstantsAndDeterminant);
    }

    /// <summary>
    /// H_mix, the entropy of the Gaussian mixture whose components are the batch's first half, estimated on the samples of its second half, in
    /// nats per counted feature; its parts <c>gaussian_mixture_mahalanobis_distance_loss</c> and
    /// <c>gaussian_mixture_log_constants_and_determinant_loss</c> are added to <paramref name="losses"/>, detached.
    /// </summary>
    /// <param name="clean">x, shape (batch, sequence, features).</param>
    /// <param name="means">μ, the same shape.</param>
    /// <param name="stds">σ, the same shape.</param>
    /// <param name="noisy">x̃, the same shape.</param>
    /// <param name="noiseMask">Tokens that the transform changes, shape (batch, sequence).</param>
    /// <param name="losses">The dictionary that the two parts are added to; null if not needed.</param>
    /// <param name="combineNoiseMasks">True if a pair counts where both of its masks are set, false if it counts where the component's is.</param>
    /// <returns>A differentiable scalar.</returns>
    /// <exception cref="ArgumentException">Shapes, dtypes or devices differ.</exception>
    public static Tensor GaussianMixtureEntropy(Tensor clean, Tensor means, Tensor stds, Tensor noisy, RowMask noiseMask, ComponentLossesDict? losses = null, bool combineNoiseMasks = true)
    {
        var (entropy, mahalanobis, constants) = EmbeddingTerms.SubBatchEntropy(clean, means, stds, noisy, noiseMask, combineNoiseMasks, conditional: false);
        if (losses is null)
        {
            mahalanobis.Dispose();
            constants.Dispose();
        }
        else
        {
            losses["gaussian_mixture_mahalanobis_distance_loss"] = mahalanobis;
            losses["gaussian_mixture_log_constants_and_determinant_loss"] = constants;
        }

        return entropy;
    }

    /// <summary>Σ over features of ((x − y)/σ)², without the ½.</summary>
    /// <param name="x">Shape (…, features).</param>
    /// <param name="y">Broadcasts with <paramref name="x"/>.</param>
    /// <param name="stds">σ, broadcasts with both.</param>
    /// <returns>Shape (…), differentiable, in at least float32.</returns>
    /// <exception cref="ArgumentException">Dtypes or devices differ.</exception>
    public static Tensor SquareMahalanobisDistance(Tensor x, Tensor y, Tensor stds)
    {
        KernelArguments.RequireFloating(x);
        KernelArguments.RequireFloating(y);
        KernelArguments.RequireFloating(stds);
        KernelArguments.RequireDevice(x.device, y);
        KernelArguments.RequireDevice(x.device, stds);
        using var scope = NewDisposeScope();
        var type = KernelArguments.AccumulationType(x, y, stds);
        return ((x.to(type) - y.to(type)) / stds.to(type)).Squared().sum(-1).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// A characteristic length for the power law: a percentile of half the distance from each row of the embedding table to its nearest other
    /// row. For a table with more rows than <paramref name="sampleSize"/>, only a sample of rows is compared with all the others. Waits for the device.
    /// </summary>
    /// <param name="embeddingTable">Shape (vocabulary, features).</param>
    /// <param name="percentile">From 0 to 100; between two rows it interpolates linearly.</param>
    /// <param name="sampleSize">The largest number of rows in the sample.</param>
    /// <param name="seed">Seed of the sample.</param>
    /// <exception cref="ArgumentException">The table has fewer than two rows, or a number is out of range.</exception>
    public static double RecommendedCharacteristicLength(Tensor embeddingTable, double percentile = 5, int sampleSize = 4096, int seed = 0)
    {
        KernelArguments.RequireFloating(embeddingTable);
        Require(embeddingTable.dim() == 2 && embeddingTable.shape[0] >= 2, nameof(embeddingTable), $"embeddingTable has the shape ({string.Join(", ", embeddingTable.shape)}); give (vocabulary, features) with at least two rows");
        Require(percentile is >= 0 and <= 100, nameof(percentile), $"percentile is {NumberText.Of(percentile)}; use a number from 0 to 100");
        Require(sampleSize > 0, nameof(sampleSize), $"sampleSize is {sampleSize}; use a whole number that is at least 1");
        using var scope = NewDisposeScope();
        using var inference = no_grad();
        var table = embeddingTable.detach();
        var vocabulary = (int)table.shape[0];
        var rows = Enumerable.Range(0, vocabulary).Select(row => (long)row).ToArray();
        if (vocabulary > sampleSize)
        {
            new Random(seed).Shuffle(rows);
            rows = rows[..sampleSize];
        }

        var nearest = new double[rows.Length];
        const int Chunk = 256;
        for (var start = 0; start < rows.Length; start += Chunk)
        {
            using var chunk = NewDisposeScope();
            var indices = tensor(rows[start..Math.Min(start + Chunk, rows.Length)], dtype: ScalarType.Int64, device: table.device);
            NearestDistances(table, indices).cpu().data<double>().ToArray().CopyTo(nearest, start);
        }

        Array.Sort(nearest);
        var place = percentile / 100 * (nearest.Length - 1);
        var below = (int)Math.Floor(place);
        var above = Math.Min(below + 1, nearest.Length - 1);
        return 0.5 * (nearest[below] + ((place - below) * (nearest[above] - nearest[below])));
    }

    private static Tensor NearestDistances(Tensor table, Tensor indices)
    {
        // Squares of centered rows in float32 choose the candidates, differences in float64 measure them: near duplicates don't cancel.
        var wide = table.to(KernelArguments.AccumulationType(table));
        var center = wide.mean([0], keepdim: true);
        var centered = wide - center;
        var rows = centered.index_select(0, indices);
        var squares = centered.Squared().sum(1).unsqueeze(0) - (rows.mm(centered.t()) * Scalars.Of(2));
        squares.scatter_(1, indices.unsqueeze(1), full([indices.shape[0], 1], Scalars.Of(double.PositiveInfinity), dtype: squares.dtype, device: squares.device));
        var candidates = squares.topk((int)Math.Min(4, table.shape[0] - 1), 1, largest: false).indexes;
        var own = table.index_select(0, indices).to(ScalarType.Float64).unsqueeze(1);
        var others = table.index_select(0, candidates.reshape(-1)).to(ScalarType.Float64).reshape(candidates.shape[0], candidates.shape[1], -1);
        return (others - own).Squared().sum(2).amin([1]).sqrt();
    }

    private static void RequireCap(double? maxLoss, double scalingFactor, [CallerArgumentExpression(nameof(maxLoss))] string maxLossName = "", [CallerArgumentExpression(nameof(scalingFactor))] string scalingFactorName = "")
    {
        if (maxLoss is { } cap)
        {
            Require(NumericRule.Positive, cap, maxLossName);
            Require(NumericRule.Positive, scalingFactor, scalingFactorName);
        }
    }

    private static void Require(NumericRule rule, double value, [CallerArgumentExpression(nameof(value))] string name = "")
    {
        if (NumericRules.Problem(rule, name, value) is { } problem)
        {
            throw new ArgumentException(problem + ".", name);
        }
    }

    private static void Require(bool holds, string name, string sentence)
    {
        if (!holds)
        {
            throw new ArgumentException(sentence + ".", name);
        }
    }
}
