using Jigsaw.Batches;
using Jigsaw.Losses;
using Jigsaw.Losses.Hyperparameters;
using Jigsaw.Models.Lora;
using Jigsaw.Runtime.Tests.Losses;
using Jigsaw.Steps;
using Jigsaw.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Jigsaw.Runtime.Tests.Training;

/// <summary>A step that runs pass by pass gives what the closures give.</summary>
[Collection(nameof(RunsAlone))]
public sealed class RunStepTests : IDisposable
{
    private const double Tolerance = BoundStep.Tolerance;
    private const double CudaTolerance = 2e-4;

    private readonly List<IDisposable> _owned = [];

    public void Dispose() => _owned.ForEach(one => one.Dispose());

    [Theory]
    [InlineData("llama-gqa")]
    [InlineData("qwen2")]
    [InlineData("qwen3")]
    [InlineData("mistral")]
    public void Gradients_and_components_are_those_of_the_closures(string family)
    {
        var step = new BoundStep(_owned, family);
        step.Compare(() => EverythingRecipe.Bind(step.Teacher, step.Student));
        step.Compare(() => HeldTogetherRecipe.Bind(step.Teacher, step.Student));
        step.Compare(() => AlphaRecipe.Bind(step.Teacher, step.Student));
        step.Compare(() => EmbeddingsRecipe.Bind(step.Teacher, step.Student));
        step.Compare(() => HardRecipe.Bind(step.Teacher, step.Student));
        step.Compare(() => RowsRecipe.Bind(step.Teacher, step.Student));
        step.Compare(() => RowsAloneRecipe.Bind(step.Teacher, step.Student));
    }

    [Fact]
    public void A_term_on_rows_of_logits_is_the_term_on_whole_ones()
    {
        var step = new BoundStep(_owned, "llama-gqa");
        var (whole, rows) = (step.Closures(() => WholeRecipe.Bind(step.Teacher, step.Student)), step.Closures(() => RowsAloneRecipe.Bind(step.Teacher, step.Student)));
        BoundStep.Near(whole, rows, Tolerance);
        BoundStep.Near(whole, step.PassByPass(() => RowsAloneRecipe.Bind(step.Teacher, step.Student)), Tolerance);
        Assert.Equal("loss", RowsAloneRecipe.Defaults.ToDictionary()["uncertainty_mask"]);
        Assert.Empty(RowsAloneRecipe.Plan.Passes[0].WholeLogitsReadBy);
        Assert.Contains("StudentNoisy  All       yes     -      uncertainty\n", RowsAloneRecipe.Plan.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_gradient_filter_is_the_closures_and_tells_its_error()
    {
        var step = new BoundStep(_owned, "llama-gqa");
        step.Compare(() => FilteredRecipe.Bind(step.Teacher, step.Student));
        var jigsaw = FilteredRecipe.Bind(step.Teacher, step.Student);
        using (var plain = jigsaw.RunStep(step.Apply(), step.Batch.LossMask))
        {
            Assert.Null(plain.GradientError);
        }

        for (var i = 0; i < 12; i++)
        {
            // The first steps find out how much may be left out, and return exact gradients.
            jigsaw.RunStep(step.Apply(), step.Batch.LossMask).Dispose();
        }

        jigsaw.MeasureGradientError = true;
        using var measured = jigsaw.RunStep(step.Apply(), step.Batch.LossMask);
        Assert.InRange(measured.GradientError!.item<float>(), 1e-3f, 0.21f);

        using var scope = NewDisposeScope();
        var (loss, components, _) = jigsaw;
        var noisy = step.Apply();
        step.Teacher.Forward(noisy);
        step.Student.Forward(noisy);
        _ = loss(step.Batch.LossMask);
        using var closures = components();
        Assert.Equal(measured.GradientError!.item<float>(), closures.GradientError!.item<float>(), 1e-4f);

        // The same recipe with an allowed error of almost 0.
        var exact = FilteredRecipe.Bind(step.Teacher, step.Student, FilteredRecipe.Defaults with { GradientFilter = 0 });
        exact.MeasureGradientError = true;
        using var unfiltered = exact.RunStep(step.Apply(), step.Batch.LossMask);
        Assert.Null(unfiltered.GradientError);
        Assert.Equal(unfiltered.Read(), measured.Read());
    }

    [Fact]
    public void Large_scores_use_torchs_attention_in_the_backward_pass()
    {
        // Four heads of 1020 by 1020 scores, two rows, are more than are computed at once, and less than what goes block by block.
        var step = new BoundStep(_owned, "llama-gqa", batches: vocabulary => new RandomBatches(vocabulary, rows: 2, length: 1020));
        step.Compare(() => HeldTogetherRecipe.Bind(step.Teacher, step.Student));
    }

    [Fact]
    public void Bounds_on_what_x_reveals_are_terms_like_the_others()
    {
        var step = new BoundStep(_owned, "llama-gqa");
        step.Compare(() => BoundsRecipe.Bind(step.Teacher, step.Student));
        var numbers = BoundsRecipe.Defaults.ToDictionary();
        Assert.Equal(4, numbers["information_rate_repeats"]);
        Assert.Equal(1, numbers["pairwise_information_repeats"]);
        var bound = BoundsRecipe.Bind(step.Teacher, step.Student);
        using var values = bound.RunStep(step.Apply(), step.Batch.LossMask);

        // Fresh noise that averages out reveals more; the prior is as wide as the distribution that it models.
        var single = BoundsRecipe.Bind(step.Teacher, step.Student, BoundsRecipe.Defaults with { InformationRateRepeats = 1 });
        using var fewer = single.RunStep(step.Apply(), step.Batch.LossMask);
        Assert.True(values.Read()["information_rate"] > fewer.Read()["information_rate"]);
        Assert.Contains("InformationRateRepeats", Assert.Throws<ArgumentException>(() => BoundsRecipe.Defaults with { InformationRateRepeats = 0 }).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Stages_share_the_teachers_chunks()
    {
        var step = new BoundStep(_owned, "llama-gqa", batches: vocabulary => new RandomBatches(vocabulary, rows: 16, length: 11));
        step.Compare(() => InSmallChunks(EverythingRecipe.Bind(step.Teacher, step.Student)));
        step.Compare(() => InSmallChunks(HardRecipe.Bind(step.Teacher, step.Student)));
        step.Compare(() => InSmallChunks(RowsRecipe.Bind(step.Teacher, step.Student)));

        static JigsawLoss<TComponents, THyperparameters> InSmallChunks<TComponents, THyperparameters>(JigsawLoss<TComponents, THyperparameters> loss)
            where TComponents : ComponentLosses
            where THyperparameters : RecipeHyperparameters
        {
            loss.WorkspaceBytes = 1;
            return loss;
        }
    }

    [Fact]
    public void Rematerialized_layers_give_the_same_bits()
    {
        var step = new BoundStep(_owned, "llama-gqa");
        var kept = step.PassByPass(() => EverythingRecipe.Bind(step.Teacher, step.Student));
        var again = step.PassByPass(() => EverythingRecipe.Bind(step.Teacher, step.Student), rematerialize: true);
        Assert.Equal(kept.Values, again.Values);
        foreach (var (name, gradient) in kept.Gradients)
        {
            Assert.True(gradient.equal(again.Gradients[name]).all().item<bool>(), name);
        }
    }

    [Theory]
    [InlineData(ScalarType.Float64, 1e-6)]
    [InlineData(ScalarType.BFloat16, 0.06)]
    public void It_runs_in_the_models_type(ScalarType type, double tolerance)
    {
        var step = new BoundStep(_owned, "llama-gqa", type: type);
        step.Compare(() => EverythingRecipe.Bind(step.Teacher, step.Student), tolerance);
        step.Compare(() => RowsAloneRecipe.Bind(step.Teacher, step.Student), tolerance);
    }

    [Fact]
    public void Dropout_of_the_adapters_draws_what_a_graph_draws()
    {
        // One pass with adapters: several would draw in another order.
        var step = new BoundStep(_owned, "llama-gqa", new LoraConfig { Rank = 2, Dropout = 0.5 });
        step.Student.Adapters.Training = true;
        step.Compare(() => CapturingRecipe.Bind(step.Teacher, step.Student));
    }

    [Fact]
    public void Rematerialized_dropout_is_refused()
    {
        var step = new BoundStep(_owned, "llama-gqa", new LoraConfig { Rank = 2, Dropout = 0.5 });
        step.Student.Adapters.Training = true;
        var exception = Assert.Throws<InvalidOperationException>(() => step.PassByPass(() => CapturingRecipe.Bind(step.Teacher, step.Student), rematerialize: true));
        Assert.Contains("dropout", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(1)]
    public void Adapters_of_some_layers_alone_get_their_gradients(int layer)
    {
        var step = new BoundStep(_owned, "llama-gqa", new LoraConfig { Rank = 2, LayersToTransform = [layer], TargetModules = ["v_proj", "down_proj"] });
        step.Compare(() => EverythingRecipe.Bind(step.Teacher, step.Student));
        step.Compare(() => HardRecipe.Bind(step.Teacher, step.Student));
    }

    [Fact]
    public void A_transform_that_does_not_train_gets_no_gradient()
    {
        var step = new BoundStep(_owned, "llama-gqa");
        foreach (var parameter in step.Transform.Parameters)
        {
            parameter.Value.requires_grad = false;
        }

        step.Compare(() => TrajectoryRecipe.Bind(step.Teacher, step.Student));
    }

    [Fact]
    public void A_scale_multiplies_the_gradients_alone_and_gradients_add_up()
    {
        var step = new BoundStep(_owned, "llama-gqa");
        var whole = step.PassByPass(() => TrajectoryRecipe.Bind(step.Teacher, step.Student));
        var halves = step.PassByPass(() => TrajectoryRecipe.Bind(step.Teacher, step.Student), times: 2, scale: 0.5);
        Assert.Equal(whole.Values, halves.Values);
        BoundStep.Near(whole, halves, Tolerance);
    }

    [Fact]
    public void Without_gradients_it_only_computes()
    {
        var step = new BoundStep(_owned, "llama-gqa");
        var trained = step.PassByPass(() => EverythingRecipe.Bind(step.Teacher, step.Student));
        using var grad = no_grad();
        var computed = step.PassByPass(() => EverythingRecipe.Bind(step.Teacher, step.Student));
        Assert.Empty(computed.Gradients);
        foreach (var (key, value) in trained.Values)
        {
            Assert.Equal(value, computed.Values[key], 1e-5);
        }
    }

    [Fact]
    public void A_whole_step_runs_on_meta_where_a_wait_throws()
    {
        var step = new BoundStep(_owned, "qwen3", device: META);
        using var scope = NewDisposeScope();
        foreach (var rematerialize in (bool[])[false, true])
        {
            var jigsaw = EverythingRecipe.Bind(step.Teacher, step.Student);
            jigsaw.Rematerialize = rematerialize;
            using var components = jigsaw.RunStep(step.Apply(), step.Batch.LossMask);
            Assert.Equal(DeviceType.META, components.Values.device_type);
            Assert.All(step.Transform.Parameters, parameter => Assert.Equal(DeviceType.META, parameter.Value.grad!.device_type));
            Assert.All(step.Student.Adapters.NamedParameters, parameter => Assert.Equal(DeviceType.META, parameter.Value.grad!.device_type));
            Assert.ThrowsAny<Exception>(() => components.Read());
            using var rows = RowsRecipe.Bind(step.Teacher, step.Student).RunStep(step.Apply(), step.Batch.LossMask);
            Assert.Equal(DeviceType.META, rows.Uncertainty.device_type);
        }
    }

    [Theory]
    [InlineData("adamw")]
    [InlineData("sgd")]
    [InlineData("lion")]
    [InlineData("muon")]
    public void Batch_transform_loss_clipping_and_optimizer_of_a_training_step_run_on_meta_where_a_wait_throws(string name)
    {
        var step = new BoundStep(_owned, "llama-gqa", device: META);
        using var scope = NewDisposeScope();
        var groups = JigsawOptimizer.Groups(step.Transform, step.Student);
        using optim.Optimizer optimizer = name switch
        {
            "sgd" => JigsawOptimizer.Sgd(groups, 1e-3),
            "lion" => JigsawOptimizer.Lion(groups, 1e-3),
            "muon" => JigsawOptimizer.Muon(groups, 1e-3),
            _ => JigsawOptimizer.AdamW(groups, 1e-3),
        };
        foreach (var recipe in (Func<BoundLoss>[])[() => EverythingRecipe.Bind(step.Teacher, step.Student), () => BoundsRecipe.Bind(step.Teacher, step.Student), () => SurprisalRecipe.Bind(step.Teacher, step.Student), () => CounterfactualRecipe.Bind(step.Teacher, step.Student)])
        {
            using var batch = new RandomBatches((int)step.Transform.EmbeddingTable.shape[0], device: META).At(1);
            optimizer.zero_grad();
            recipe().RunStepInParts(step.Transform.Apply(batch), batch.LossMask, 4).Dispose();
            Assert.All(groups.SelectMany(group => group.Parameters), parameter => Assert.Equal(DeviceType.META, parameter.Value.grad!.device_type));
            Assert.All(groups.SelectMany(group => group.Parameters), parameter => Assert.Equal(parameter.Value.shape, parameter.Value.grad!.shape));

            // Nothing is there to be read.
            Assert.ThrowsAny<Exception>(() => groups[0].Parameters[0].Value.grad!.sum().item<float>());

            optimizer.step();
            Assert.All(optimizer.parameters(), parameter => Assert.Equal(DeviceType.META, parameter.device_type));
        }
    }

    [CudaFact]
    public void A_whole_step_runs_on_cuda()
    {
        manual_seed(0);
        var host = new BoundStep(_owned, "qwen3");
        manual_seed(0);
        var device = new BoundStep(_owned, "qwen3", device: CUDA);
        void Compare<TComponents, THyperparameters>(Func<NoisyTeacher, NoisyStudent, JigsawLoss<TComponents, THyperparameters>> bind)
            where TComponents : ComponentLosses
            where THyperparameters : RecipeHyperparameters
        {
            var expected = host.PassByPass(() => bind(host.Teacher, host.Student));
            BoundStep.Near(expected, device.PassByPass(() => bind(device.Teacher, device.Student)), CudaTolerance);
            BoundStep.Near(expected, device.Closures(() => bind(device.Teacher, device.Student)), CudaTolerance);
        }

        Compare((teacher, student) => EverythingRecipe.Bind(teacher, student));
        Compare((teacher, student) => HeldTogetherRecipe.Bind(teacher, student));
        Compare((teacher, student) => AlphaRecipe.Bind(teacher, student));
        Compare((teacher, student) => HardRecipe.Bind(teacher, student));
        Compare((teacher, student) => RowsRecipe.Bind(teacher, student));
        Compare((teacher, student) => BoundsRecipe.Bind(teacher, student));
        Compare((teacher, student) => RepeatedTermsRecipe.Bind(teacher, student));
        Compare((teacher, student) => SomeStepsRecipe.Bind(teacher, student));
        Compare((teacher, student) => SurprisalRecipe.Bind(teacher, student));
    }

    [CudaFact]
    public void Prompts_with_other_tokens_are_drawn_on_cuda_from_the_seed_of_the_step()
    {
        var step = new BoundStep(_owned, "llama-gqa", device: CUDA);
        var once = step.PassByPass(() => CounterfactualRecipe.Bind(step.Teacher, step.Student));
        Assert.All(once.Values, pair => Assert.True(double.IsFinite(pair.Value), pair.Key));
        BoundStep.Near(once, step.PassByPass(() => CounterfactualRecipe.Bind(step.Teacher, step.Student)), CudaTolerance);
    }

    [CudaTheory]
    [InlineData(nameof(EverythingRecipe))]
    [InlineData(nameof(HeldTogetherRecipe))]
    [InlineData(nameof(HardRecipe))]
    [InlineData(nameof(RowsRecipe))]
    [InlineData(nameof(BoundsRecipe))]
    [InlineData(nameof(CounterfactualRecipe))]
    public void A_step_on_cuda_waits_for_the_device_once_to_read_its_components(string recipe)
    {
        var step = new BoundStep(_owned, "llama-gqa", device: CUDA);
        using var scope = NewDisposeScope();
        BoundLoss jigsaw = recipe switch
        {
            nameof(EverythingRecipe) => EverythingRecipe.Bind(step.Teacher, step.Student),
            nameof(HeldTogetherRecipe) => HeldTogetherRecipe.Bind(step.Teacher, step.Student),
            nameof(HardRecipe) => HardRecipe.Bind(step.Teacher, step.Student),
            nameof(RowsRecipe) => RowsRecipe.Bind(step.Teacher, step.Student),
            nameof(BoundsRecipe) => BoundsRecipe.Bind(step.Teacher, step.Student),
            _ => CounterfactualRecipe.Bind(step.Teacher, step.Student),
        };
        jigsaw.RunStep(step.Transform.Apply(step.Batch), step.Batch.LossMask).Dispose();
        ComponentLosses components;
        using (DeviceWaits.Forbid())
        {
            using var again = new RandomBatches((int)step.Transform.EmbeddingTable.shape[0], device: CUDA).At(1);
            components = jigsaw.RunStep(step.Transform.Apply(again), again.LossMask);
            Assert.ThrowsAny<Exception>(() => components.Read());
        }

        using (components)
        {
            Assert.All(components.Read(), pair => Assert.True(double.IsFinite(pair.Value), pair.Key));
        }
    }

    [Fact]
    public void Ramps_follow_the_step()
    {
        var step = new BoundStep(_owned, "llama-gqa");
        var weights = new List<double>();
        for (var at = 0; at < 8; at++)
        {
            var jigsaw = Recipes.ChatRecipe.Bind(step.Teacher, step.Student);
            jigsaw.Step = at;
            using var components = jigsaw.RunStep(step.Apply(), step.Batch.LossMask);
            var read = components.Read();
            weights.Add((read["jigsaw_ce_performance_loss"] + (0.5 * read["absolute_cosine_similarity_penalty"]) + (0.05 * read["noise_floor"]) - read["composite_loss"]) / read["jigsaw_ce_protection_loss"]);
        }

        Assert.Equal(0, weights[2], 1e-5);
        Assert.InRange(weights[4], 0.05, 0.2);
        Assert.Equal(0.25, weights[7], 1e-5);
    }

    [Fact]
    public void It_refuses_with_a_sentence()
    {
        var step = new BoundStep(_owned, "llama-gqa");
        var jigsaw = TrajectoryRecipe.Bind(step.Teacher, step.Student);
        var batch = step.Apply();
        Assert.Contains("finite", Assert.Throws<ArgumentException>(() => jigsaw.RunStep(batch, step.Batch.LossMask, double.NaN)).Message, StringComparison.Ordinal);
        Assert.Contains("(2, 3)", Assert.Throws<ArgumentException>(() => jigsaw.RunStep(batch, RowMask.FromTensor(zeros(2, 3, dtype: ScalarType.Bool)))).Message, StringComparison.Ordinal);
        _ = HardRecipe.Bind(step.Teacher, step.Student);
        Assert.Contains("another recipe", Assert.Throws<InvalidOperationException>(() => jigsaw.RunStep(batch, step.Batch.LossMask)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Steps_leave_no_tensor_behind()
    {
        var step = new BoundStep(_owned, "llama-gqa");
        _ = step.PassByPass(() => EverythingRecipe.Bind(step.Teacher, step.Student), keep: false);
        _ = step.PassByPass(() => EverythingRecipe.Bind(step.Teacher, step.Student), rematerialize: true, keep: false);
        _ = step.PassByPass(() => RowsRecipe.Bind(step.Teacher, step.Student), keep: false);
        _ = step.PassByPass(() => FilteredRecipe.Bind(step.Teacher, step.Student), times: 12, keep: false);
        // Twice: tensors left by other tests may be finalized meanwhile, and are then no longer counted.
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        GC.WaitForPendingFinalizers();
        var before = Tensor.TotalCount;
        for (var i = 0; i < 20; i++)
        {
            _ = step.PassByPass(() => EverythingRecipe.Bind(step.Teacher, step.Student), rematerialize: i % 2 == 1, keep: false);
            _ = step.PassByPass(() => RowsRecipe.Bind(step.Teacher, step.Student), keep: false);
        }

        _ = step.PassByPass(() => FilteredRecipe.Bind(step.Teacher, step.Student), times: 40, keep: false);
        Assert.InRange(Tensor.TotalCount, 0, before);
    }

    [Fact]
    public void Passes_are_planned_in_stages()
    {
        Assert.Equal([[Pass.TeacherNoisy], [Pass.StudentNoisy], [Pass.StudentClean]], EverythingRecipe.Plan.Stages.Select(stage => stage.Select(pass => pass.Pass)));
        Assert.Equal([[Pass.TeacherNoisy, Pass.StudentNoisy, Pass.StudentClean]], HeldTogetherRecipe.Plan.Stages.Select(stage => stage.Select(pass => pass.Pass)));
        Assert.Empty(EmbeddingsRecipe.Plan.Stages);
        Assert.Contains("held together by apart", HeldTogetherRecipe.Plan.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("held together", EverythingRecipe.Plan.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void The_plan_says_what_whole_logits_cost()
    {
        Assert.Contains(
            "margin has whole logits in memory: tokens · vocabulary values for TeacherClean and StudentNoisy, and as many for the gradient of StudentNoisy\n",
            EverythingRecipe.Plan.ToString(),
            StringComparison.Ordinal);
        Assert.DoesNotContain("whole", HardRecipe.Plan.ToString(), StringComparison.Ordinal);
    }
}
