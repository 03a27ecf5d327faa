using System.Text.Json.Nodes;
using Jigsaw.Checkpoints;
using Jigsaw.Models;
using Jigsaw.Models.Configuration;
using static TorchSharp.torch;

namespace Jigsaw.Runtime.Tests.Checkpoints;

public sealed class CheckpointDirectoryTests
{
    [Fact]
    public void A_directory_that_is_no_checkpoint_is_named()
    {
        using var folder = new TemporaryFolder();
        AssertRefused(folder["nowhere"], "is not a directory");
        AssertRefused(folder.Path, "config.json: is not there");
        File.Copy(Oracle("llama-gqa", "config.json"), folder["config.json"]);
        AssertRefused(folder.Path, "holds neither model.safetensors nor");
        File.WriteAllText(folder["config.json"], "{");
        AssertRefused(folder.Path, "is not JSON");
        File.WriteAllText(folder["config.json"], "{\n \"model_type\": \"\\ud800\" }");
        AssertRefused(folder.Path, "is not JSON (line 2, column 16: a text or a name that is not Unicode: half a surrogate pair, or invalid UTF-8); fetch it again.");
        File.WriteAllText(folder["config.json"], "[]");
        AssertRefused(folder.Path, "JSON object");
    }

    [Fact]
    public void A_missing_tensor_one_too_many_and_one_of_another_shape_are_named()
    {
        using var folder = new TemporaryFolder();
        Copy("llama-gqa", folder);
        Rewrite(folder, tensors => tensors.Remove("model.layers.1.mlp.up_proj.weight"));
        AssertRefused(folder.Path, "lacks the tensor 'model.layers.1.mlp.up_proj.weight'");
        Rewrite(folder, tensors => tensors["model.layers.1.mlp.up_proj.weight"] = zeros(2, 2));
        AssertRefused(folder.Path, "'model.layers.1.mlp.up_proj.weight' of shape (2, 2), where config.json asks for (144, 64)");
        Rewrite(folder, tensors =>
        {
            tensors["model.layers.1.mlp.up_proj.weight"] = zeros(144, 64);
            tensors["model.layers.1.self_attn.q_proj.bias"] = zeros(64);
        });
        AssertRefused(folder.Path, "holds the tensor 'model.layers.1.self_attn.q_proj.bias'");
    }

    [Theory]
    [InlineData("mistral")]
    [InlineData("qwen2")]
    [InlineData("qwen3")]
    public void Heads_for_keys_and_values_that_are_null_are_as_many_as_those_for_queries(string name)
    {
        using var folder = new TemporaryFolder();
        Copy(name, folder);
        var config = JsonNode.Parse(File.ReadAllText(folder["config.json"]))!;
        config["num_key_value_heads"] = null;
        File.WriteAllText(folder["config.json"], config.ToJsonString());
        Assert.Equal(config["num_attention_heads"]!.GetValue<int>(), CausalLMConfig.Read(folder.Path).KeyValueHeadCount);
    }

    [Fact]
    public void A_stored_head_that_differs_from_a_tied_one_is_refused()
    {
        using var folder = new TemporaryFolder();
        Copy("llama-gqa", folder);
        var config = JsonNode.Parse(File.ReadAllText(folder["config.json"]))!;
        config["tie_word_embeddings"] = true;
        File.WriteAllText(folder["config.json"], config.ToJsonString());
        AssertRefused(folder.Path, "'lm_head.weight' that differs");
    }

    [Fact]
    public void A_weight_file_that_was_cut_short_is_named()
    {
        using var folder = new TemporaryFolder();
        Copy("llama-gqa", folder);
        File.WriteAllBytes(folder["model.safetensors"], File.ReadAllBytes(folder["model.safetensors"])[..^1000]);
        AssertRefused(folder.Path, "was cut short");
    }

    [Theory]
    [InlineData("../../etc/x")]
    [InlineData("/etc/passwd.safetensors")]
    [InlineData("a/b.safetensors")]
    [InlineData("..\\x.safetensors")]
    [InlineData("C:x.safetensors")]
    [InlineData("..safetensors")]
    [InlineData("x.bin")]
    [InlineData("x\u0000.safetensors")]
    [InlineData("")]
    public void A_shard_index_that_leads_elsewhere_is_not_followed(string name)
    {
        using var folder = new TemporaryFolder();
        Copy("llama-tied-rope3", folder);
        var index = JsonNode.Parse(File.ReadAllText(folder["model.safetensors.index.json"]))!;
        index["weight_map"]!["model.norm.weight"] = name;
        File.WriteAllText(folder["model.safetensors.index.json"], index.ToJsonString());
        AssertRefused(folder.Path, "such a path is not opened");
    }

    [Fact]
    public void Shards_and_index_that_disagree_are_named()
    {
        using var folder = new TemporaryFolder();
        Copy("llama-tied-rope3", folder);
        var path = folder["model.safetensors.index.json"];
        var good = File.ReadAllText(path);
        var index = JsonNode.Parse(good)!;
        index["weight_map"]!["model.norm.weight"] = "model-00001-of-00003.safetensors";
        File.WriteAllText(path, index.ToJsonString());
        AssertRefused(folder.Path, "which the index does not place there");
        index = JsonNode.Parse(good)!;
        index["weight_map"]!["more"] = "model-00001-of-00003.safetensors";
        File.WriteAllText(path, index.ToJsonString());
        AssertRefused(folder.Path, "lacks the tensor 'more'");
        File.WriteAllText(path, good);
        File.Delete(folder["model-00002-of-00003.safetensors"]);
        AssertRefused(folder.Path, "model-00002-of-00003.safetensors: is not there");
        File.WriteAllText(path, "{\"weight_map\": 3}");
        AssertRefused(folder.Path, "has no 'weight_map'");
    }

    [Theory]
    [InlineData("model_type", "\"gpt2\"", "model_type 'gpt2'")]
    [InlineData("model_type", "3", "'model_type' = 3, where a text belongs")]
    [InlineData("hidden_act", "\"gelu\"", "'hidden_act' = \"gelu\"")]
    [InlineData("quantization_config", "{\"bits\": 4}", "'quantization_config'")]
    [InlineData("num_local_experts", "8", "'num_local_experts' = 8")]
    [InlineData("partial_rotary_factor", "0.5", "'partial_rotary_factor' = 0.5")]
    [InlineData("attn_logit_softcapping", "50.0", "'attn_logit_softcapping'")]
    [InlineData("rope_scaling", "{\"rope_type\": \"longrope\", \"factor\": 2.0}", "the rope kind 'longrope'")]
    [InlineData("rope_scaling", "{\"rope_type\": \"dynamic\", \"factor\": 2.0}", "the rope kind 'dynamic'")]
    [InlineData("rope_scaling", "{\"type\": \"linear\"}", "without a positive 'factor'")]
    [InlineData("rope_scaling", "{\"rope_type\": \"llama3\", \"factor\": 8.0}", "without 'low_freq_factor'")]
    [InlineData("layer_types", "[\"full_attention\", \"chunked_attention\", \"full_attention\", \"full_attention\"]", "'layer_types'")]
    [InlineData("sliding_window", "4", "'sliding_window' = 4")]
    [InlineData("num_key_value_heads", "3", "not a multiple")]
    [InlineData("hidden_size", "-64", "'hidden_size' = -64")]
    [InlineData("vocab_size", "null", "lacks the field 'vocab_size'")]
    [InlineData("rms_norm_eps", "\"small\"", "'rms_norm_eps'")]
    public void A_config_that_asks_for_what_is_not_supported_is_refused_by_name(string field, string value, string problem)
    {
        using var folder = new TemporaryFolder();
        Copy("llama-gqa", folder);
        var config = JsonNode.Parse(File.ReadAllText(folder["config.json"]))!;
        config[field] = JsonNode.Parse(value);
        File.WriteAllText(folder["config.json"], config.ToJsonString());
        AssertRefused(folder.Path, problem);
    }

    [Fact]
    public void Configurations_of_transformers_4_and_5_read_alike()
    {
        var old = CausalLMConfig.Read(TestData.Path("models", "llama-old-config"));
        var modern = CausalLMConfig.Read(TestData.Path("models", "llama-tied-rope3"));
        Assert.Equal(modern.Rope, old.Rope);
        Assert.Equal(modern with { Windows = old.Windows, EndTokens = old.EndTokens }, old);
        Assert.Equal(modern.EndTokens, old.EndTokens);
    }

    private static string Oracle(string folder, string file) => TestData.Path("models", folder, file);

    private static void Copy(string checkpoint, TemporaryFolder folder)
    {
        foreach (var file in Directory.GetFiles(TestData.Path("models", checkpoint)).Where(file => !file.EndsWith("expected.safetensors", StringComparison.Ordinal)))
        {
            File.Copy(file, folder[Path.GetFileName(file)], overwrite: true);
        }
    }

    private static void Rewrite(TemporaryFolder folder, Action<Dictionary<string, Tensor>> change)
    {
        using var scope = NewDisposeScope();
        var path = folder["model.safetensors"];
        Dictionary<string, Tensor> tensors;
        using (var file = SafetensorsFile.Open(path))
        {
            tensors = file.Entries.Keys.ToDictionary(key => key, key => file.Read(key));
        }

        change(tensors);
        SafetensorsWriter.Write(path, tensors, SafetensorsWriter.TorchMetadata);
    }

    private static void AssertRefused(string directory, string problem)
    {
        var exception = Assert.Throws<CheckpointException>(() => CausalLM.Load(directory, CPU, ScalarType.Float32).Dispose());
        Assert.Contains(problem, exception.Message, StringComparison.Ordinal);
    }
}
