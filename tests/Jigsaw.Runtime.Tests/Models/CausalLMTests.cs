using Jigsaw.Batches;
using Jigsaw.Models;
using Jigsaw.Models.Generation;
using static TorchSharp.torch;

namespace Jigsaw.Runtime.Tests.Models;

public sealed class CausalLMTests
{
    public static TheoryData<string, string> Checkpoints => CheckpointFolders.All;

    [Theory]
    [MemberData(nameof(Checkpoints))]
    public void Logits_and_every_layer_are_those_of_transformers(string folder, string expected)
    {
        using var scope = NewDisposeScope();
        using var oracle = Oracle.Open(expected);
        using var model = CausalLM.Load(Oracle.Directory(folder), CPU, ScalarType.Float32);
        using var grad = no_grad();
        foreach (var input in new[] { "plain", "left", "right", "long" })
        {
            var mask = oracle.Mask($"mask.{input}");
            var embeddings = model.Embed(oracle.Read($"ids.{input}"));
            for (var layer = 0; layer < model.LayerCount; layer++)
            {
                var states = model.Run(embeddings, mask, layer: layer, toEnd: layer == model.LayerCount - 1);
                if (oracle.Has($"layer.{layer}.{input}"))
                {
                    Oracle.AssertClose(states.Layer!, oracle.Read($"layer.{layer}.{input}"), Oracle.LogitTolerance, mask.Value);
                }

                if (states.Last is { } last)
                {
                    Oracle.AssertClose(model.Head.Logits(last), oracle.Read($"logits.{input}"), Oracle.LogitTolerance, mask.Value);
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Checkpoints))]
    public void Gradients_with_respect_to_embeddings_are_those_of_transformers(string folder, string expected)
    {
        using var scope = NewDisposeScope();
        using var oracle = Oracle.Open(expected);
        using var model = CausalLM.Load(Oracle.Directory(folder), CPU, ScalarType.Float32);
        var weights = oracle.Read("embeds.logit_weights");

        var inputs = oracle.Read("embeds.inputs").clone().requires_grad_(true);
        var plain = RowMask.FromTensor(ones(inputs.shape[0], inputs.shape[1], dtype: ScalarType.Bool));
        var logits = model.Head.Logits(model.Run(inputs, plain).Last!);
        Oracle.AssertClose(logits, oracle.Read("embeds.logits"), Oracle.LogitTolerance);
        (logits * weights).sum().backward();
        Oracle.AssertClose(inputs.grad!, oracle.Read("embeds.grad"), Oracle.GradientTolerance);

        var masked = oracle.Read("embeds.inputs").clone().requires_grad_(true);
        var mask = oracle.Mask("embeds.masked.mask");
        var maskedLogits = model.Head.Logits(model.Run(masked, mask).Last!);
        Oracle.AssertClose(maskedLogits, oracle.Read("embeds.masked.logits"), Oracle.LogitTolerance, mask.Value);
        (maskedLogits * weights * mask.Value.unsqueeze(-1)).sum().backward();
        Oracle.AssertClose(masked.grad!, oracle.Read("embeds.masked.grad"), Oracle.GradientTolerance);
        Assert.Null(model.EmbeddingTable.grad);
        Assert.False(model.EmbeddingTable.requires_grad);
    }

    [Theory]
    [MemberData(nameof(Checkpoints))]
    public void Greedy_tokens_are_those_of_transformers(string folder, string expected)
    {
        using var scope = NewDisposeScope();
        using var oracle = Oracle.Open(expected);
        using var model = CausalLM.Load(Oracle.Directory(folder), CPU, ScalarType.Float32);
        var ids = oracle.Read("ids.left");
        var options = new GenerationOptions { MaxNewTokens = 12, EndTokens = [] };
        var generated = model.GenerateFromIds(ids, oracle.Mask("mask.left"), options: options);
        var wanted = oracle.Read("generate.left").narrow(1, ids.shape[1], 12);
        for (var row = 0; row < generated.Length; row++)
        {
            Assert.Equal(wanted[row].data<long>().Select(id => (int)id), generated[row]);
        }
    }

    [Fact]
    public void A_row_of_padding_alone_gives_no_NaN_in_values_or_gradients()
    {
        using var scope = NewDisposeScope();
        using var model = CausalLM.Load(Oracle.Directory("mistral"), CPU, ScalarType.Float32);
        var embeddings = randn(2, 7, model.Config.HiddenSize).requires_grad_(true);
        var mask = RowMask.FromHost([.. Enumerable.Repeat(true, 7), .. Enumerable.Repeat(false, 7)], 2, 7, CPU);
        var last = model.Run(embeddings, mask).Last!;
        last.square().sum().backward();
        Assert.True(last.isfinite().all().item<bool>());
        Assert.True(embeddings.grad!.isfinite().all().item<bool>());
    }

    [Fact]
    public void A_run_that_stops_early_gives_the_layer_that_a_whole_run_gives()
    {
        using var scope = NewDisposeScope();
        using var oracle = Oracle.Open("llama-gqa");
        using var model = CausalLM.Load(Oracle.Directory("llama-gqa"), CPU, ScalarType.Float32);
        var (embeddings, mask) = (model.Embed(oracle.Read("ids.left")), oracle.Mask("mask.left"));
        var early = model.Run(embeddings, mask, layer: 1, toEnd: false);
        var whole = model.Run(embeddings, mask, layer: 1);
        Assert.Null(early.Last);
        Assert.Equal(whole.Layer!.data<float>().ToArray(), early.Layer!.data<float>().ToArray());
    }

    [Fact]
    public void A_layer_that_the_model_lacks_is_named()
    {
        using var scope = NewDisposeScope();
        using var model = CausalLM.Load(Oracle.Directory("llama-gqa"), CPU, ScalarType.Float32);
        var mask = RowMask.FromHost([true], 1, 1, CPU);
        var exception = Assert.Throws<ArgumentException>(() => model.Run(zeros(1, 1, 64), mask, layer: 4));
        Assert.Contains("no layer 4; the model has layers 0 to 3", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_model_leaves_no_tensor_in_the_dispose_scope_that_it_was_loaded_in()
    {
        CausalLM model;
        using (NewDisposeScope())
        {
            model = CausalLM.Load(Oracle.Directory("llama-gqa"), CPU, ScalarType.Float32);
        }

        using (model)
        using (NewDisposeScope())
        {
            Assert.True(model.EmbeddingTable.isfinite().all().item<bool>());
            Assert.NotNull(model.Run(model.Embed(tensor(new long[] { 3, 4 }).reshape(1, 2)), RowMask.FromHost([true, true], 1, 2, CPU)).Last);
        }
    }
}
