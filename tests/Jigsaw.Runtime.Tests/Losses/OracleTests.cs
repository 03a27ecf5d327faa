using System.Text.Json;
using Jigsaw.Batches;
using Jigsaw.Compatibility;
using Jigsaw.CompilerServices;
using Jigsaw.Losses.Logits;
using Jigsaw.Passes;
using Jigsaw.Planning;
using static TorchSharp.torch;

namespace Jigsaw.Runtime.Tests.Losses;

public sealed class OracleTests
{
    private static readonly string[] _vocabularyTerms = ["jigsaw_ce_performance_loss", "jigsaw_ce_protection_loss", "jigsaw_clean_embeddings_guardrails_loss"];

    public static TheoryData<OracleCase> Cases => [.. OracleCase.Where(term => term is not "composite" and not "alpha_combination")];

    public static TheoryData<OracleCase> Composites => [.. OracleCase.Where(term => term == "composite")];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Every_term_has_the_oracles_value_and_gradient(OracleCase of) => CompareTerm(of, CPU);

    [CudaTheory]
    [MemberData(nameof(Cases))]
    public void Every_term_has_the_oracles_value_and_gradient_on_cuda(OracleCase of) => CompareTerm(of, CUDA);

    [Theory]
    [MemberData(nameof(Composites))]
    public void Every_composite_has_the_oracles_value_components_and_gradient(OracleCase of) => CompareComposite(of, CPU);

    [CudaTheory]
    [MemberData(nameof(Composites))]
    public void Every_composite_has_the_oracles_value_components_and_gradient_on_cuda(OracleCase of) => CompareComposite(of, CUDA);

    private static void CompareTerm(OracleCase of, Device device)
    {
        using var scope = NewDisposeScope();
        var run = new OracleRun(of, device);
        if (_vocabularyTerms.Contains(run.Term) || run.Text("at") == "logits")
        {
            var value = OnLogits(run);
            run.Compare(value);
            return;
        }

        var (loss, outputs) = Evaluate(run);
        run.Compare(loss, outputs);
    }

    private static void CompareComposite(OracleCase of, Device device)
    {
        using var scope = NewDisposeScope();
        var run = new OracleRun(of, device);
        var value = Program(run).Compute(ActivationsOf(run), LossMask(run), out var components);
        run.Compare(value, ((IEnumerable<KeyValuePair<string, Tensor>>)components).ToDictionary());
        Assert.Equal(value.to(ScalarType.Float64).item<double>(), components.CompositeLoss.to(ScalarType.Float64).item<double>());
    }

    [Theory]
    [MemberData(nameof(Composites))]
    public void The_factories_give_what_their_hyperparameters_say(OracleCase of)
    {
        using var scope = NewDisposeScope();
        var run = new OracleRun(of);
        if (run.Params.GetProperty("hyperparameters").ValueKind == JsonValueKind.Null)
        {
            return;
        }

        var h = run.Params.GetProperty("hyperparameters");
        double W(string name) => h.GetProperty(name).GetDouble();
        var layer = run.Has("layer_teacher_clean") ? 0 : (int?)null;
        var terms = run.Params.GetProperty("terms").EnumerateArray();
        var hard = terms.Any(term => term.TryGetProperty("target", out var target) && target.GetString() == "hard");
        var (program, hyperparameters) = h.TryGetProperty("alpha", out var alpha)
            ? JigsawLosses.JigsawProgram(
                layer,
                alpha.GetDouble(),
                W("std_log_ratio_loss_weight"),
                W("input_embedding_similarity_loss_weight"),
                W("distillation_layer_cosine_distance_loss_weight"),
                W("distillation_layer_l2_distance_loss_weight"),
                W("distillation_protection_l2_loss_weight"),
                h.GetProperty("apply_distillation_protection_loss_mask").GetBoolean(),
                W("clean_embedding_performance_on_student_model_loss_weight"),
                W("inverse_l2_power_law_catalyst_loss_weight"),
                W("inverse_l2_power_law_characteristic_length"),
                W("inverse_l2_power_law_exponent_of_decay"))
            : JigsawLosses.JigsawSgtProgram(
                W("absolute_cosine_similarity_penalty_weight"),
                W("jigsaw_ce_performance_loss_weight"),
                W("jigsaw_ce_protection_loss_weight"),
                h.GetProperty("jigsaw_ce_protection_max_loss").ValueKind == JsonValueKind.Null ? null : W("jigsaw_ce_protection_max_loss"),
                W("jigsaw_ce_protection_loss_scaling_factor"),
                W("mutual_information_loss_weight"),
                W("median_norm_penalty_weight"),
                W("jigsaw_clean_embeddings_guardrails_loss_weight"),
                layer,
                W("jigsaw_l2_performance_loss_weight"),
                W("jigsaw_l2_protection_loss_weight"),
                h.GetProperty("combine_noise_masks_for_mutual_information_sub_batches").GetBoolean(),
                hard ? CeTarget.Hard : CeTarget.Soft);
        var reported = hyperparameters.ToDictionary();
        foreach (var entry in h.EnumerateObject())
        {
            Assert.Equal(entry.Value.ToString(), Convert.ToString(reported[entry.Name], System.Globalization.CultureInfo.InvariantCulture) is { } text && entry.Value.ValueKind == JsonValueKind.Number ? $"{text}{(text.Contains('.', StringComparison.Ordinal) ? "" : ".0")}" : reported[entry.Name]?.ToString() ?? "");
        }

        var value = program.Compute(ActivationsOf(run), LossMask(run), out _);
        var declared = Program(run, wide: false).Compute(ActivationsOf(run), LossMask(run), out _);
        Assert.Equal(declared.to(ScalarType.Float64).item<double>(), value.to(ScalarType.Float64).item<double>());
    }

    private static Tensor OnLogits(OracleRun run)
    {
        var (pass, mask) = run.Term switch
        {
            "jigsaw_ce_performance_loss" => (Pass.StudentNoisy, "attention_mask"),
            "jigsaw_ce_protection_loss" => (Pass.TeacherNoisy, "loss_mask"),
            "distillation_protection_l2_loss" => (Pass.TeacherNoisy, run.Flag("apply_loss_mask") ? "loss_mask" : "attention_mask"),
            "jigsaw_clean_embeddings_guardrails_loss" or "clean_embedding_performance_on_student_model_loss" => (Pass.StudentClean, "loss_mask"),
            _ => (Pass.StudentNoisy, "loss_mask"),
        };
        var head = LogitTerms.Begin(ActivationsOf(run), run.Text("target") == "hard" ? CeTarget.Hard : CeTarget.Soft);
        head.Options = new VocabularyLoopOptions { WideProducts = true, ChunkRows = 4 };
        if (_vocabularyTerms.Contains(run.Term))
        {
            head.CrossEntropy(pass, 1, run.Mask(mask), run.Optional("max_loss"), run.Optional("scaling_factor") ?? 1);
        }
        else if (run.Term == "distillation_layer_cosine_distance_loss")
        {
            head.CosineDistance(pass, 1, run.Mask(mask));
        }
        else
        {
            head.NormalizedL2(pass, 1, run.Mask(mask));
        }

        var (logits, component) = head.Run();
        Assert.Equal(logits.Value.to(ScalarType.Float64).item<double>(), component.Value.to(ScalarType.Float64).item<double>());
        return logits;
    }

    private static (Tensor Value, IReadOnlyDictionary<string, Tensor>? Outputs) Evaluate(OracleRun run)
    {
        switch (run.Term)
        {
            case "masked_cross_entropy":
                return (JigsawLosses.MaskedCrossEntropy(run.Input("logits"), run.Input("targets"), run.Mask("mask"), run.Optional("max_loss"), run.Number("scaling_factor")), null);
            case "masked_normalized_l2":
                return (JigsawLosses.ComputeMaskedNormalizedL2Loss(run.Input("embeddings"), run.Input("target_embeddings"), run.Mask("mask")), null);
            case "jigsaw_l2_performance_loss":
            case "distillation_layer_l2_distance_loss":
                return (PairLoss.Begin(run.Input("layer_student_noisy"), run.Input("layer_teacher_clean")).NormalizedL2(run.Mask("loss_mask")).Value(), null);
            case "jigsaw_l2_protection_loss":
                return (PairLoss.Begin(run.Input("layer_teacher_noisy"), run.Input("layer_teacher_clean")).NormalizedL2(run.Mask("loss_mask")).Value(), null);
            case "distillation_protection_l2_loss":
                return (PairLoss.Begin(run.Input("layer_teacher_noisy"), run.Input("layer_teacher_clean")).NormalizedL2(run.Mask(run.Flag("apply_loss_mask") ? "loss_mask" : "attention_mask")).Value(), null);
            case "clean_embedding_performance_on_student_model_loss":
                return (PairLoss.Begin(run.Input("layer_student_clean"), run.Input("layer_teacher_clean")).NormalizedL2(run.Mask("loss_mask")).Value(), null);
            case "distillation_layer_cosine_distance_loss":
                return (PairLoss.Begin(run.Input("layer_student_noisy"), run.Input("layer_teacher_clean")).CosineDistance(run.Mask("loss_mask")).Value(), null);
            case "mutual_information_loss":
                var (value, mahalanobis, constants) = JigsawLosses.MutualInformationSubBatch(run.Input("x"), run.Input("mu"), run.Input("sigma"), run.Input("x_tilde"), run.Mask("noise_mask"), run.Flag("combine_noise_masks"));
                var parts = new Dictionary<string, Tensor>
                {
                    ["gaussian_mixture_mahalanobis_distance_loss"] = mahalanobis,
                    ["gaussian_mixture_log_constants_and_determinant_loss"] = constants,
                };
                if (run.Type == ScalarType.Float64)
                {
                    parts["conditional_entropy"] = mahalanobis + constants - value;
                }

                return (value, parts);
            case "median_norm_penalty":
                return (PairLoss.Begin(run.Input("x"), run.Input("mu")).MedianNorm(MedianNorm(run), run.Mask("noise_mask")).Value(), null);
            case "absolute_cosine_similarity_penalty":
                return (PairLoss.Begin(run.Input("x"), run.Input("x_tilde")).AbsoluteCosineSimilarity(run.Mask("noise_mask")).Value(), null);
            case "input_embedding_similarity_loss":
                return (PairLoss.Begin(run.Input("x"), run.Input("x_tilde")).CosineSimilarity(run.Mask("noise_mask")).Value(), null);
            case "std_log_ratio_loss":
                return (EmbeddingTerms.Here.StdLogRatio(run.Input("sigma"), run.Number("sigma_max"), run.Mask("noise_mask")), null);
            case "inverse_l2_power_law_catalyst_loss":
                return (PairLoss.Begin(run.Input("x"), run.Input("x_tilde")).InverseL2PowerLaw(run.Number("characteristic_length"), run.Number("exponent_of_decay"), run.Mask("noise_mask")).Value(), null);
            case "gaussian_entropy_log_loss":
                return (JigsawLosses.GaussianEntropyLogLoss(run.Input("sigma"), run.Has("noise_mask") ? run.Mask("noise_mask") : null, run.Number("eps")), null);
            default:
                throw new NotSupportedException(run.Term);
        }
    }

    private static double MedianNorm(OracleRun run) => run.Input("embedding_table").detach().to(ScalarType.Float64).norm(1).median().item<double>();

    private static RowMask LossMask(OracleRun run) => run.Has("loss_mask") ? run.Mask("loss_mask") : AnyMask(run);

    private static RowMask AnyMask(OracleRun run) => run.Mask(((string[])["noise_mask", "loss_mask", "attention_mask"]).First(run.Has));

    private static StepActivations ActivationsOf(OracleRun run)
    {
        Tensor Of(string name) => run.Has(name) ? run.Input(name) : zeros([2, 2, 2], device: run.Device);
        RowMask Mask(string name) => run.Has(name) ? run.Mask(name) : AnyMask(run);
        var (sigma, noisy) = (Of("sigma"), Of("x_tilde"));
        if (run.Has("rho"))
        {
            var (low, high, shallow) = (1e-4, 2.0, 1.0);
            var type = run.Type == ScalarType.BFloat16 ? ScalarType.Float32 : run.Type;
            sigma = low + ((high - low) * (2 * run.Input("rho").to(type) / shallow).sigmoid());
            var mask = run.Mask("noise_mask").Value.unsqueeze(-1);
            noisy = run.Input("x") + (mask.to(type) * (run.Input("mu") + (sigma * run.Input("epsilon"))));
        }

        var batch = new TransformedBatch
        {
            InputIds = zeros([2, 2], dtype: ScalarType.Int64, device: run.Device),
            AttentionMask = Mask("attention_mask"),
            NoiseMask = Mask("noise_mask"),
            Clean = Of("x"),
            Noisy = noisy,
            Means = Of("mu"),
            Stds = sigma,
            StdMax = 2,
            MedianNorm = run.Has("embedding_table") ? MedianNorm(run) : 1,
        };
        var head = run.Has("head_weight") ? new LanguageModelHead(run.Input("head_weight")) : null;
        return new StepActivations(batch, ((Pass Pass, string Name)[])[(Pass.TeacherClean, "teacher_clean"), (Pass.TeacherNoisy, "teacher_noisy"), (Pass.StudentNoisy, "student_noisy"), (Pass.StudentClean, "student_clean")]
            is var passes ? passes.Select(pass => new PassActivations(
                pass.Pass,
                run.Has("hidden_" + pass.Name) ? run.Input("hidden_" + pass.Name) : null,
                run.Has("layer_" + pass.Name) ? run.Input("layer_" + pass.Name) : null,
                head)) : []);
    }

    private static LossProgram Program(OracleRun run, bool wide = true)
    {
        var terms = run.Params.GetProperty("terms").EnumerateArray().ToArray();
        var hard = terms.Any(term => term.TryGetProperty("target", out var target) && target.GetString() == "hard");
        return new LossProgram(ReflectedRecipe.Of(run.Has("layer_teacher_clean") ? 0 : null, run.Optional("alpha"), hard ? CeTarget.Hard : CeTarget.Soft, terms.Select(TermOf)))
        {
            Options = new VocabularyLoopOptions { WideProducts = wide },
        };
    }

    private static TermModel TermOf(JsonElement term)
    {
        var key = term.GetProperty("key").GetString();
        var attribute = typeof(LossTerm).GetNestedTypes().Single(type => type.GetCustomAttributes(typeof(LossTermDefinitionAttribute), false).Cast<LossTermDefinitionAttribute>().Any(definition => definition.Key == key));
        var written = new List<(string, object?)>();
        void Write(string name, string property)
        {
            if (term.TryGetProperty(name, out var value))
            {
                written.Add((property, value.ValueKind switch { JsonValueKind.Null => null, JsonValueKind.Number => value.GetDouble(), _ => value.GetBoolean() }));
            }
        }

        Write("max_loss", "MaxLoss");
        Write("scaling_factor", "ScalingFactor");
        Write("apply_loss_mask", "ApplyLossMask");
        Write("combine_noise_masks", "CombineNoiseMasks");
        Write("characteristic_length", "CharacteristicLength");
        Write("exponent_of_decay", "ExponentOfDecay");
        var result = ReflectedRecipe.Term(attribute, term.GetProperty("weight").GetDouble(), [.. written]);
        Assert.Equal(term.GetProperty("sign").GetInt32() < 0, result.Pull == TermPull.Maximized);
        Assert.Equal(term.GetProperty("kind").GetString(), result.Kind.ToString().ToLowerInvariant());
        return result;
    }
}
