using Jigsaw.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Jigsaw.Runtime.Tests.Models;

public sealed class LoraAdaptersTests
{
    [Theory]
    [InlineData("qv-r4")]
    [InlineData("patterns")]
    public void Adapted_logits_and_gradients_are_those_of_PEFT(string name)
    {
        using var scope = NewDisposeScope();
        using var oracle = Oracle.Open($"lora/{name}");
        using var model = CausalLM.Load(Oracle.Directory("llama-gqa"), CPU, ScalarType.Float32);
        using var adapters = LoraAdapters.Load(Oracle.Directory($"lora/{name}"), model);
        var mask = oracle.Mask("mask");
        var embeddings = model.Embed(oracle.Read("ids"));

        var adapted = model.Head.Logits(model.Run(embeddings, mask, adapters).Last!);
        Oracle.AssertClose(adapted, oracle.Read("logits.adapted"), Oracle.LogitTolerance, mask);
        var disabled = model.Head.Logits(model.Run(embeddings, mask).Last!);
        Oracle.AssertClose(disabled, oracle.Read("logits.disabled"), Oracle.LogitTolerance, mask);

        (adapted * oracle.Read("logit_weights")).sum().backward();
        var named = adapters.NamedParameters.ToDictionary(parameter => parameter.Name, parameter => parameter.Value);
        var gradients = oracle.Keys.Where(key => key.StartsWith("grad.", StringComparison.Ordinal)).ToArray();
        Assert.Equal(gradients.Order(StringComparer.Ordinal), named.Keys.Select(key => "grad." + key).Order(StringComparer.Ordinal));
        foreach (var key in gradients)
        {
            Oracle.AssertClose(named[key["grad.".Length..]].grad!, oracle.Read(key), Oracle.GradientTolerance);
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
        Oracle.AssertClose(model.Head.Logits(last), oracle.Read("logits.adapted"), 5e-2, mask);
        last.to(ScalarType.Float32).square().sum().backward();
        Assert.All(adapters.NamedParameters, parameter => Assert.Equal(ScalarType.Float32, parameter.Value.grad!.dtype));
        Assert.Equal(ScalarType.Float32, embeddings.grad!.dtype);
    }
}
