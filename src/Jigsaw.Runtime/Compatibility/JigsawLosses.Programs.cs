using Jigsaw.CompilerServices;

namespace Jigsaw.Compatibility;

/// <content>The losses that the two factories compose, before they are bound to models.</content>
public static partial class JigsawLosses
{
    internal static (LossProgram Program, FactoryHyperparameters Hyperparameters) JigsawProgram(
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
        if (alpha is { } share)
        {
            Require(NumericRule.Fraction, share, nameof(alpha));
        }

        Require(NumericRule.Weight, stdLogRatioLossWeight);
        Require(NumericRule.Weight, inputEmbeddingSimilarityLossWeight);
        Require(NumericRule.Weight, distillationLayerCosineDistanceLossWeight);
        Require(NumericRule.Weight, distillationLayerL2DistanceLossWeight);
        Require(NumericRule.Weight, distillationProtectionL2LossWeight);
        Require(NumericRule.Weight, cleanEmbeddingPerformanceOnStudentModelLossWeight);
        Require(NumericRule.Weight, inverseL2PowerLawCatalystLossWeight);
        Require(NumericRule.Positive, inverseL2PowerLawCharacteristicLength);
        Require(NumericRule.Positive, inverseL2PowerLawExponentOfDecay);
        RequireTerm(
            stdLogRatioLossWeight,
            inputEmbeddingSimilarityLossWeight,
            distillationLayerCosineDistanceLossWeight,
            distillationLayerL2DistanceLossWeight,
            distillationProtectionL2LossWeight,
            cleanEmbeddingPerformanceOnStudentModelLossWeight,
            inverseL2PowerLawCatalystLossWeight);
        var program = new LossProgram(ReflectedRecipe.Of(
            distillationLayerIndex,
            alpha,
            CeTarget.Soft,
            ReflectedRecipe.Term(typeof(LossTerm.StdLogRatioAttribute), stdLogRatioLossWeight),
            ReflectedRecipe.Term(typeof(LossTerm.InputEmbeddingSimilarityAttribute), inputEmbeddingSimilarityLossWeight),
            ReflectedRecipe.Term(typeof(LossTerm.DistillationCosineDistanceAttribute), distillationLayerCosineDistanceLossWeight),
            ReflectedRecipe.Term(typeof(LossTerm.DistillationL2DistanceAttribute), distillationLayerL2DistanceLossWeight),
            ReflectedRecipe.Term(
                typeof(LossTerm.DistillationProtectionL2Attribute),
                distillationProtectionL2LossWeight,
                (nameof(LossTerm.DistillationProtectionL2Attribute.ApplyLossMask), applyDistillationProtectionLossMask)),
            ReflectedRecipe.Term(typeof(LossTerm.CleanEmbeddingPerformanceAttribute), cleanEmbeddingPerformanceOnStudentModelLossWeight),
            ReflectedRecipe.Term(
                typeof(LossTerm.InverseL2PowerLawAttribute),
                inverseL2PowerLawCatalystLossWeight,
                (nameof(LossTerm.InverseL2PowerLawAttribute.CharacteristicLength), inverseL2PowerLawCharacteristicLength),
                (nameof(LossTerm.InverseL2PowerLawAttribute.ExponentOfDecay), inverseL2PowerLawExponentOfDecay))));
        return (program, new FactoryHyperparameters(
            new("distillation_layer_index", distillationLayerIndex),
            new("alpha", alpha),
            new("std_log_ratio_loss_weight", stdLogRatioLossWeight),
            new("input_embedding_similarity_loss_weight", inputEmbeddingSimilarityLossWeight),
            new("distillation_layer_cosine_distance_loss_weight", distillationLayerCosineDistanceLossWeight),
            new("distillation_layer_l2_distance_loss_weight", distillationLayerL2DistanceLossWeight),
            new("distillation_protection_l2_loss_weight", distillationProtectionL2LossWeight),
            new("apply_distillation_protection_loss_mask", applyDistillationProtectionLossMask),
            new("clean_embedding_performance_on_student_model_loss_weight", cleanEmbeddingPerformanceOnStudentModelLossWeight),
            new("inverse_l2_power_law_catalyst_loss_weight", inverseL2PowerLawCatalystLossWeight),
            new("inverse_l2_power_law_characteristic_length", inverseL2PowerLawCharacteristicLength),
            new("inverse_l2_power_law_exponent_of_decay", inverseL2PowerLawExponentOfDecay)));
    }

    internal static (LossProgram Program, FactoryHyperparameters Hyperparameters) JigsawSgtProgram(
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
        Require(NumericRule.Weight, absoluteCosineSimilarityPenaltyWeight);
        Require(NumericRule.Weight, jigsawCePerformanceLossWeight);
        Require(NumericRule.Weight, jigsawCeProtectionLossWeight);
        RequireCap(jigsawCeProtectionMaxLoss, jigsawCeProtectionLossScalingFactor);
        Require(NumericRule.Weight, mutualInformationLossWeight);
        Require(NumericRule.Weight, medianNormPenaltyWeight);
        Require(NumericRule.Weight, jigsawCleanEmbeddingsGuardrailsLossWeight);
        Require(NumericRule.Weight, jigsawL2PerformanceLossWeight);
        Require(NumericRule.Weight, jigsawL2ProtectionLossWeight);
        RequireTerm(
            absoluteCosineSimilarityPenaltyWeight,
            jigsawCePerformanceLossWeight,
            jigsawCeProtectionLossWeight,
            mutualInformationLossWeight,
            medianNormPenaltyWeight,
            jigsawCleanEmbeddingsGuardrailsLossWeight,
            jigsawL2PerformanceLossWeight,
            jigsawL2ProtectionLossWeight);
        foreach (var (name, weight) in (ReadOnlySpan<(string, double)>)[(nameof(jigsawL2PerformanceLossWeight), jigsawL2PerformanceLossWeight), (nameof(jigsawL2ProtectionLossWeight), jigsawL2ProtectionLossWeight)])
        {
            Require(
                weight == 0 || distillationLayerIndex is not null,
                nameof(distillationLayerIndex),
                $"{name} is {NumberText.Of(weight)}, but distillationLayerIndex is null; name the layer that is compared, or set the weight to 0");
        }

        var program = new LossProgram(ReflectedRecipe.Of(
            distillationLayerIndex,
            alpha: null,
            ceTarget,
            ReflectedRecipe.Term(typeof(LossTerm.CePerformanceAttribute), jigsawCePerformanceLossWeight),
            ReflectedRecipe.Term(
                typeof(LossTerm.CeProtectionAttribute),
                jigsawCeProtectionLossWeight,
                (nameof(LossTerm.CeProtectionAttribute.MaxLoss), jigsawCeProtectionMaxLoss),
                (nameof(LossTerm.CeProtectionAttribute.ScalingFactor), jigsawCeProtectionLossScalingFactor)),
            ReflectedRecipe.Term(typeof(LossTerm.CleanEmbeddingsGuardrailsAttribute), jigsawCleanEmbeddingsGuardrailsLossWeight),
            ReflectedRecipe.Term(typeof(LossTerm.L2PerformanceAttribute), jigsawL2PerformanceLossWeight),
            ReflectedRecipe.Term(typeof(LossTerm.L2ProtectionAttribute), jigsawL2ProtectionLossWeight),
            ReflectedRecipe.Term(
                typeof(LossTerm.MutualInformationAttribute),
                mutualInformationLossWeight,
                (nameof(LossTerm.MutualInformationAttribute.CombineNoiseMasks), combineNoiseMasksForMutualInformationSubBatches)),
            ReflectedRecipe.Term(typeof(LossTerm.MedianNormAttribute), medianNormPenaltyWeight),
            ReflectedRecipe.Term(typeof(LossTerm.AbsoluteCosineSimilarityAttribute), absoluteCosineSimilarityPenaltyWeight)));
        return (program, new FactoryHyperparameters(
            new("absolute_cosine_similarity_penalty_weight", absoluteCosineSimilarityPenaltyWeight),
            new("jigsaw_ce_performance_loss_weight", jigsawCePerformanceLossWeight),
            new("jigsaw_ce_protection_loss_weight", jigsawCeProtectionLossWeight),
            new("jigsaw_ce_protection_max_loss", jigsawCeProtectionMaxLoss),
            new("jigsaw_ce_protection_loss_scaling_factor", jigsawCeProtectionLossScalingFactor),
            new("mutual_information_loss_weight", mutualInformationLossWeight),
            new("median_norm_penalty_weight", medianNormPenaltyWeight),
            new("jigsaw_clean_embeddings_guardrails_loss_weight", jigsawCleanEmbeddingsGuardrailsLossWeight),
            new("distillation_layer_index", distillationLayerIndex),
            new("jigsaw_l2_performance_loss_weight", jigsawL2PerformanceLossWeight),
            new("jigsaw_l2_protection_loss_weight", jigsawL2ProtectionLossWeight),
            new("combine_noise_masks_for_mutual_information_sub_batches", combineNoiseMasksForMutualInformationSubBatches),
            new("ce_target", ceTarget)));
    }

    private static void RequireTerm(params ReadOnlySpan<double> weights)
    {
        if (!weights.ContainsAnyExcept(0))
        {
            throw new ArgumentException("All weights are 0, so there is no loss; give at least one term a positive weight.", nameof(weights));
        }
    }
}
