using Jigsaw.CompilerServices;
using Jigsaw.Losses;
using Jigsaw.Steps;

namespace Jigsaw.Compatibility;

/// <content>The two factories, which compose a loss at run time.</content>
public static partial class JigsawLosses
{
    /// <summary>
    /// The original's older factory: a sum under <paramref name="alpha"/>, (1 − α)·Σ similarity terms + α·Σ strength terms, composed at run time.
    /// Terms of weight 0 are left out.
    /// </summary>
    /// <param name="teacher">The base model.</param>
    /// <param name="student">The base model with adapters.</param>
    /// <param name="distillationLayerIndex">The decoder layer whose output is compared; null for the logits.</param>
    /// <param name="alpha">α, from 0 to 1; null for the plain signed sum.</param>
    /// <param name="stdLogRatioLossWeight">Weight of <c>std_log_ratio_loss</c>, at least 0.</param>
    /// <param name="inputEmbeddingSimilarityLossWeight">Weight of <c>input_embedding_similarity_loss</c>, at least 0.</param>
    /// <param name="distillationLayerCosineDistanceLossWeight">Weight of <c>distillation_layer_cosine_distance_loss</c>, at least 0.</param>
    /// <param name="distillationLayerL2DistanceLossWeight">Weight of <c>distillation_layer_l2_distance_loss</c>, at least 0.</param>
    /// <param name="distillationProtectionL2LossWeight">Weight of <c>distillation_protection_l2_loss</c>, which is subtracted; at least 0.</param>
    /// <param name="applyDistillationProtectionLossMask">True if that term averages over the loss mask, false if over the attention mask.</param>
    /// <param name="cleanEmbeddingPerformanceOnStudentModelLossWeight">Weight of <c>clean_embedding_performance_on_student_model_loss</c>, which is subtracted; at least 0.</param>
    /// <param name="inverseL2PowerLawCatalystLossWeight">Weight of <c>inverse_l2_power_law_catalyst_loss</c>, at least 0.</param>
    /// <param name="inverseL2PowerLawCharacteristicLength">ℓ of that term, positive.</param>
    /// <param name="inverseL2PowerLawExponentOfDecay">p of that term, positive.</param>
    /// <returns>The bound loss; deconstructs into (loss, components, hyperparameters).</returns>
    /// <exception cref="ArgumentException">A number is out of range, the layer is not in the model, or the models have different bases.</exception>
    public static JigsawLoss<ComponentLosses, FactoryHyperparameters> CreateJigsawLoss(
        NoisyTeacher teacher,
        NoisyStudent student,
        int? distillationLayerIndex,
        double? alpha,
        double stdLogRatioLossWeight,
        double inputEmbeddingSimilarityLossWeight,
        double distillationLayerCosineDistanceLossWeight,
        double distillationLayerL2DistanceLossWeight = 0,
        double distillationProtectionL2LossWeight = 0,
        bool applyDistillationProtectionLossMask = true,
        double cleanEmbeddingPerformanceOnStudentModelLossWeight = 0,
        double inverseL2PowerLawCatalystLossWeight = 0,
        double inverseL2PowerLawCharacteristicLength = 1,
        double inverseL2PowerLawExponentOfDecay = 1)
    {
        RequireModels(teacher, student, distillationLayerIndex);
        var (program, hyperparameters) = JigsawProgram(
            distillationLayerIndex,
            alpha,
            stdLogRatioLossWeight,
            inputEmbeddingSimilarityLossWeight,
            distillationLayerCosineDistanceLossWeight,
            distillationLayerL2DistanceLossWeight,
            distillationProtectionL2LossWeight,
            applyDistillationProtectionLossMask,
            cleanEmbeddingPerformanceOnStudentModelLossWeight,
            inverseL2PowerLawCatalystLossWeight,
            inverseL2PowerLawCharacteristicLength,
            inverseL2PowerLawExponentOfDecay);
        RequireLogits(
            teacher,
            program,
            (nameof(distillationLayerCosineDistanceLossWeight), distillationLayerCosineDistanceLossWeight),
            (nameof(distillationLayerL2DistanceLossWeight), distillationLayerL2DistanceLossWeight),
            (nameof(distillationProtectionL2LossWeight), distillationProtectionL2LossWeight),
            (nameof(cleanEmbeddingPerformanceOnStudentModelLossWeight), cleanEmbeddingPerformanceOnStudentModelLossWeight));
        return new JigsawLoss<ComponentLosses, FactoryHyperparameters>(teacher, student, program.Plan, hyperparameters, program.Compute);
    }

    /// <summary>
    /// The original's factory for jigsaw training of a Stained Glass Transform: a plain signed sum, composed at run time. Terms of weight 0
    /// are left out.
    /// </summary>
    /// <param name="teacher">The base model.</param>
    /// <param name="student">The base model with adapters.</param>
    /// <param name="absoluteCosineSimilarityPenaltyWeight">Weight of <c>absolute_cosine_similarity_penalty</c>, at least 0.</param>
    /// <param name="jigsawCePerformanceLossWeight">Weight of <c>jigsaw_ce_performance_loss</c>, at least 0.</param>
    /// <param name="jigsawCeProtectionLossWeight">Weight of <c>jigsaw_ce_protection_loss</c>, which is subtracted; at least 0.</param>
    /// <param name="jigsawCeProtectionMaxLoss">Cap of that term, positive; null for none.</param>
    /// <param name="jigsawCeProtectionLossScalingFactor">How fast the cap is reached, positive; ignored without one.</param>
    /// <param name="mutualInformationLossWeight">Weight of <c>mutual_information_loss</c>, at least 0.</param>
    /// <param name="medianNormPenaltyWeight">Weight of <c>median_norm_penalty</c>, at least 0.</param>
    /// <param name="jigsawCleanEmbeddingsGuardrailsLossWeight">Weight of <c>jigsaw_clean_embeddings_guardrails_loss</c>, which is subtracted; at least 0.</param>
    /// <param name="distillationLayerIndex">The decoder layer whose output is compared; needed if one of the two L2 weights is not 0.</param>
    /// <param name="jigsawL2PerformanceLossWeight">Weight of <c>jigsaw_l2_performance_loss</c>, at least 0.</param>
    /// <param name="jigsawL2ProtectionLossWeight">Weight of <c>jigsaw_l2_protection_loss</c>, which is subtracted; at least 0.</param>
    /// <param name="combineNoiseMasksForMutualInformationSubBatches">True if a pair of sub-batch rows counts where both noise masks are set, false if it counts where the component's is.</param>
    /// <param name="ceTarget">What cross-entropies compare with: the teacher's distribution, or its argmax.</param>
    /// <returns>The bound loss; deconstructs into (loss, components, hyperparameters).</returns>
    /// <exception cref="ArgumentException">A number is out of range, a layer is missing or not in the model, the models have different bases, or cross-entropies are asked of truncated models.</exception>
    public static JigsawLoss<ComponentLosses, FactoryHyperparameters> CreateJigsawSgtLoss(
        NoisyTeacher teacher,
        NoisyStudent student,
        double absoluteCosineSimilarityPenaltyWeight = 0,
        double jigsawCePerformanceLossWeight = 0,
        double jigsawCeProtectionLossWeight = 0,
        double? jigsawCeProtectionMaxLoss = null,
        double jigsawCeProtectionLossScalingFactor = 1,
        double mutualInformationLossWeight = 0,
        double medianNormPenaltyWeight = 0,
        double jigsawCleanEmbeddingsGuardrailsLossWeight = 0,
        int? distillationLayerIndex = null,
        double jigsawL2PerformanceLossWeight = 0,
        double jigsawL2ProtectionLossWeight = 0,
        bool combineNoiseMasksForMutualInformationSubBatches = true,
        CeTarget ceTarget = CeTarget.Soft)
    {
        RequireModels(teacher, student, distillationLayerIndex);
        var (program, hyperparameters) = JigsawSgtProgram(
            absoluteCosineSimilarityPenaltyWeight,
            jigsawCePerformanceLossWeight,
            jigsawCeProtectionLossWeight,
            jigsawCeProtectionMaxLoss,
            jigsawCeProtectionLossScalingFactor,
            mutualInformationLossWeight,
            medianNormPenaltyWeight,
            jigsawCleanEmbeddingsGuardrailsLossWeight,
            distillationLayerIndex,
            jigsawL2PerformanceLossWeight,
            jigsawL2ProtectionLossWeight,
            combineNoiseMasksForMutualInformationSubBatches,
            ceTarget);
        RequireLogits(
            teacher,
            program,
            (nameof(jigsawCePerformanceLossWeight), jigsawCePerformanceLossWeight),
            (nameof(jigsawCeProtectionLossWeight), jigsawCeProtectionLossWeight),
            (nameof(jigsawCleanEmbeddingsGuardrailsLossWeight), jigsawCleanEmbeddingsGuardrailsLossWeight));
        return new JigsawLoss<ComponentLosses, FactoryHyperparameters>(teacher, student, program.Plan, hyperparameters, program.Compute);
    }

    private static void RequireModels(NoisyTeacher teacher, NoisyStudent student, int? distillationLayerIndex)
    {
        ArgumentNullException.ThrowIfNull(teacher);
        ArgumentNullException.ThrowIfNull(student);
        if (distillationLayerIndex is { } layer)
        {
            Require(layer >= 0 && layer < teacher.Model.LayerCount, nameof(distillationLayerIndex), $"distillationLayerIndex is {layer}, but the model has layers 0 to {teacher.Model.LayerCount - 1}; name one of these");
        }
    }

    private static void RequireLogits(NoisyTeacher teacher, LossProgram program, params ReadOnlySpan<(string Name, double Weight)> weights)
    {
        if (!program.Plan.ReadsLogits || teacher.Model.TruncatedAfter is not { } last)
        {
            return;
        }

        foreach (var (name, weight) in weights)
        {
            Require(weight == 0, name, $"{name} is {NumberText.Of(weight)}, but the models end after layer {last} and have no logits; set it to 0, or restore the model");
        }
    }
}
