using System.Text.Json.Nodes;
using Jigsaw.Batches;
using Jigsaw.Checkpoints;
using Jigsaw.Models;
using Jigsaw.Models.Lora;
using static TorchSharp.torch;

namespace Jigsaw.Runtime.Tests.Models;

public sealed class LoraAdaptersTests
{
    // The scale 16/√8 on every linear map turns hidden states of 36 into 345, and their rounding grows as much: in single precision
    // the same code differs from itself in double by 2e-5. So the formula is checked in double, and single gets a larger tolerance.
    [Theory]
    [InlineData("qv-r4", ScalarType.Float32, 1)]
    [InlineData("patterns", ScalarType.Float32, 1)]
    [InlineData("all-linear-rslora", ScalarType.Float32, 3)]
    [InlineData("qv-r4", ScalarType.Float64, 1)]
    [InlineData("patterns", ScalarType.Float64, 1)]
    [InlineData("all-linear-rslora", ScalarType.Float64, 1)]
    public void Adapted_logits_and_gradients_are_those_of_PEFT(string name, ScalarType dtype, int room)
    {
        using var scope = NewDisposeScope();
        using var oracle = Oracle.Open($"lora/{name}");
        using var model = CausalLM.Load(Oracle.Directory("llama-gqa"), CPU, dtype);
        using var adapters = LoraAdapters.Load(Oracle.Directory($"lora/{name}"), model);
        var mask = oracle.Mask("mask");
        var embeddings = model.Embed(oracle.Read("ids"));

        var adapted = model.Head.Logits(model.Run(embeddings, mask, adapters).Last!);
        Oracle.AssertClose(adapted, oracle.Read("logits.adapted"), room * Oracle.LogitTolerance, mask.Value);
        var disabled = model.Head.Logits(model.Run(embeddings, mask).Last!);
        Oracle.AssertClose(disabled, oracle.Read("logits.disabled"), Oracle.LogitTolerance, mask.Value);

        (adapted * oracle.Read("logit_weights")).sum().backward();
        var named = adapters.NamedParameters.ToDictionary(parameter => parameter.Name, parameter => parameter.Value);
        var gradients = oracle.Keys.Where(key => key.StartsWith("grad.", StringComparison.Ordinal)).ToArray();
        Assert.Equal(gradients.Order(StringComparer.Ordinal), named.Keys.Select(key => "grad." + key).Order(StringComparer.Ordinal));
        foreach (var key in gradients)
        {
            Oracle.AssertClose(named[key["grad.".Length..]].grad!, oracle.Read(key), room * Oracle.GradientTolerance);
        }
    }

    [Fact]
    public void Fresh_adapters_change_nothing_and_have_PEFTs_range_and_keys()
    {
        using var scope = NewDisposeScope();
        using var model = CausalLM.Load(Oracle.Directory("llama-gqa"), CPU, ScalarType.Float32);
        using var adapters = LoraAdapters.Create(model, new LoraConfig { Rank = 4, TargetModules = ["q_proj", "down_proj"] }, seed: 7);
        var mask = RowMask.FromHost([true, true, true], 1, 3, CPU);
        var embeddings = randn(1, 3, 64);
        Assert.Equal(model.Run(embeddings, mask).Last!.data<float>().ToArray(), model.Run(embeddings, mask, adapters).Last!.data<float>().ToArray());
        Assert.Equal(8, adapters.Modules.Count());
        foreach (var (name, value) in adapters.NamedParameters)
        {
            Assert.StartsWith("base_model.model.model.layers.", name, StringComparison.Ordinal);
            Assert.True(value.requires_grad);
            if (name.EndsWith("lora_A.weight", StringComparison.Ordinal))
            {
                var bound = 1 / Math.Sqrt(value.shape[1]);
                Assert.InRange(value.abs().max().item<float>(), bound * 0.9, bound);
                Assert.InRange(value.mean().item<float>(), -bound / 4, bound / 4);
            }
        }
    }

    [Fact]
    public void A_seed_gives_the_same_adapters_whatever_else_draws_numbers()
    {
        using var scope = NewDisposeScope();
        using var model = CausalLM.Load(Oracle.Directory("llama-gqa"), CPU, ScalarType.Float32);
        using var first = LoraAdapters.Create(model, new LoraConfig(), seed: 3);
        rand(5);
        using var second = LoraAdapters.Create(model, new LoraConfig(), seed: 3);
        using var other = LoraAdapters.Create(model, new LoraConfig(), seed: 4);
        var values = first.NamedParameters.First().Value.data<float>().ToArray();
        Assert.Equal(values, second.NamedParameters.First().Value.data<float>().ToArray());
        Assert.NotEqual(values, other.NamedParameters.First().Value.data<float>().ToArray());
    }

    [Fact]
    public void Saved_adapters_load_to_the_same_logits()
    {
        using var folder = new TemporaryFolder();
        using var scope = NewDisposeScope();
        using var oracle = Oracle.Open("lora/patterns");
        using var model = CausalLM.Load(Oracle.Directory("llama-gqa"), CPU, ScalarType.Float32);
        using var adapters = LoraAdapters.Load(Oracle.Directory("lora/patterns"), model);
        adapters.Save(folder.Path);
        using var again = LoraAdapters.Load(folder.Path, model);
        var (embeddings, mask) = (model.Embed(oracle.Read("ids")), oracle.Mask("mask"));
        Assert.Equal(model.Run(embeddings, mask, adapters).Last!.data<float>().ToArray(), model.Run(embeddings, mask, again).Last!.data<float>().ToArray());
    }

    [CudaFact]
    public void Adapters_on_cuda_give_the_logits_of_peft_and_are_saved_from_there()
    {
        using var folder = new TemporaryFolder();
        using var scope = NewDisposeScope();
        using var grad = no_grad();
        using var oracle = Oracle.Open("lora/qv-r4");
        using var host = CausalLM.Load(Oracle.Directory("llama-gqa"), CPU, ScalarType.Float32);
        using var device = CausalLM.Load(Oracle.Directory("llama-gqa"), CUDA, ScalarType.Float32);
        using var adapters = LoraAdapters.Load(Oracle.Directory("lora/qv-r4"), device);
        adapters.Save(folder.Path);
        using var again = LoraAdapters.Load(folder.Path, host);
        Assert.All(adapters.NamedParameters.Zip(again.NamedParameters), pair => Assert.True(pair.First.Value.cpu().IsSame(pair.Second.Value), pair.First.Name));
        var logits = device.Head.Logits(device.Run(device.Embed(oracle.Read("ids").cuda()), oracle.Mask("mask", CUDA), adapters).Last!);
        Oracle.AssertClose(logits.cpu(), oracle.Read("logits.adapted"), 1e-4, oracle.Mask("mask").Value);
    }

    [Fact]
    public void A_base_in_bfloat16_runs_with_adapters_in_float32()
    {
        using var scope = NewDisposeScope();
        using var oracle = Oracle.Open("lora/qv-r4");
        using var model = CausalLM.Load(Oracle.Directory("llama-gqa"), CPU, ScalarType.BFloat16);
        using var adapters = LoraAdapters.Load(Oracle.Directory("lora/qv-r4"), model);
        var mask = oracle.Mask("mask");
        var embeddings = model.Embed(oracle.Read("ids")).to(ScalarType.Float32).requires_grad_(true);
        var last = model.Run(embeddings, mask, adapters).Last!;
        Assert.Equal(ScalarType.BFloat16, last.dtype);
        Oracle.AssertClose(model.Head.Logits(last), oracle.Read("logits.adapted"), 5e-2, mask.Value);
        last.to(ScalarType.Float32).square().sum().backward();
        Assert.All(adapters.NamedParameters, parameter => Assert.Equal(ScalarType.Float32, parameter.Value.grad!.dtype));
        Assert.Equal(ScalarType.Float32, embeddings.grad!.dtype);
    }

    [Fact]
    public void A_merged_matrix_is_PEFTs_and_unmerging_restores_the_base_bit_for_bit()
    {
        using var scope = NewDisposeScope();
        using var oracle = Oracle.Open("lora/patterns");
        using var model = CausalLM.Load(Oracle.Directory("llama-gqa"), CPU, ScalarType.Float32);
        using var adapters = LoraAdapters.Load(Oracle.Directory("lora/patterns"), model);
        var (embeddings, mask) = (model.Embed(oracle.Read("ids")), oracle.Mask("mask"));
        var before = model.Run(embeddings, mask).Last!.data<float>().ToArray();
        model.Merge(adapters);
        foreach (var key in oracle.Keys.Where(key => key.StartsWith("merged.", StringComparison.Ordinal)))
        {
            var module = key["merged.".Length..^".weight".Length];
            Oracle.AssertClose(model.Linears.Single(linear => linear.Module == module).Weight, oracle.Read(key), 1e-6);
        }

        Oracle.AssertClose(model.Head.Logits(model.Run(embeddings, mask).Last!), oracle.Read("logits.merged"), Oracle.LogitTolerance, mask.Value);
        Assert.Throws<InvalidOperationException>(() => model.Merge(adapters));
        Assert.Contains("a second time", Assert.Throws<InvalidOperationException>(() => model.Run(embeddings, mask, adapters)).Message, StringComparison.Ordinal);
        model.Unmerge();
        Assert.Equal(before, model.Run(embeddings, mask).Last!.data<float>().ToArray());
    }

    [Theory]
    [InlineData("r", "0", "'r' = 0")]
    [InlineData("peft_type", "\"LOHA\"", "peft_type 'LOHA'")]
    [InlineData("use_dora", "true", "'use_dora' = true")]
    [InlineData("bias", "\"lora_only\"", "'bias' = \"lora_only\"")]
    [InlineData("lora_bias", "true", "'lora_bias' = true")]
    [InlineData("modules_to_save", "[\"embed_tokens\"]", "'modules_to_save'")]
    [InlineData("layer_replication", "[[0, 2]]", "'layer_replication'")]
    [InlineData("trainable_token_indices", "[1]", "'trainable_token_indices'")]
    [InlineData("target_parameters", "[\"x\"]", "'target_parameters'")]
    [InlineData("init_lora_weights", "\"pissa\"", "'init_lora_weights' = \"pissa\"")]
    [InlineData("alora_invocation_tokens", "[1]", "'alora_invocation_tokens'")]
    [InlineData("loftq_config", "{\"bits\": 4}", "'loftq_config'")]
    [InlineData("something_new", "1", "'something_new' = 1")]
    [InlineData("target_modules", "[\"lm_head\"]", "share the LM head")]
    [InlineData("target_modules", "[\"nothing\"]", "No module of the model matches")]
    [InlineData("target_modules", "null", "names no target_modules")]
    [InlineData("target_modules", "\"(\"", "is not a regular expression")]
    [InlineData("target_modules", "\"^(([a-z._0-9])+.?)+!$\"", "takes longer than")]
    [InlineData("target_modules", "[\"q_proj\"]", "which the adapter_config.json next to it doesn't imply")]
    [InlineData("target_modules", "[\"q_proj\", \"v_proj\", \"o_proj\"]", "has no tensor")]
    [InlineData("r", "8", "of shape (4, 64), where configuration and model imply (8, 64)")]
    public void An_adapter_that_asks_for_what_is_not_supported_is_refused_by_name(string field, string value, string problem)
    {
        using var folder = new TemporaryFolder();
        using var model = CausalLM.Load(Oracle.Directory("llama-gqa"), CPU, ScalarType.Float32);
        File.Copy(TestData.Path("models", "lora", "qv-r4", "adapter_model.safetensors"), folder["adapter_model.safetensors"]);
        var config = JsonNode.Parse(File.ReadAllText(TestData.Path("models", "lora", "qv-r4", "adapter_config.json")))!;
        config[field] = JsonNode.Parse(value);
        File.WriteAllText(folder["adapter_config.json"], config.ToJsonString());
        var exception = Assert.Throws<CheckpointException>(() => LoraAdapters.Load(folder.Path, model).Dispose());
        Assert.Contains(problem, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_adapter_that_replaces_a_whole_module_is_refused_by_name()
    {
        using var model = CausalLM.Load(Oracle.Directory("llama-gqa"), CPU, ScalarType.Float32);
        var exception = Assert.Throws<CheckpointException>(() => LoraAdapters.Load(Oracle.Directory("lora/lm-head"), model).Dispose());
        Assert.Contains("'modules_to_save' = [", exception.Message, StringComparison.Ordinal);
        Assert.Contains("the teacher would not be the base", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Dropout_is_applied_in_training_only()
    {
        using var scope = NewDisposeScope();
        using var model = CausalLM.Load(Oracle.Directory("llama-gqa"), CPU, ScalarType.Float32);
        using var adapters = LoraAdapters.Create(model, new LoraConfig { Dropout = 0.5 }, seed: 1);
        using (no_grad())
        {
            foreach (var (_, value) in adapters.NamedParameters)
            {
                value.add_(0.1);
            }
        }

        var mask = RowMask.FromHost([true, true, true], 1, 3, CPU);
        var embeddings = randn(1, 3, 64);
        var first = model.Run(embeddings, mask, adapters).Last!.data<float>().ToArray();
        Assert.Equal(first, model.Run(embeddings, mask, adapters).Last!.data<float>().ToArray());
        adapters.Training = true;
        Assert.NotEqual(first, model.Run(embeddings, mask, adapters).Last!.data<float>().ToArray());
    }
}
