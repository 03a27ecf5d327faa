using Jigsaw.Batches;
using Jigsaw.Models;
using Jigsaw.Models.Lora;
using TorchSharp;
using static TorchSharp.torch;

namespace Jigsaw.Runtime.Tests.Models;

/// <summary>On the META device a wait for values throws, so a run that passes there waits for nothing.</summary>
public sealed class DeviceTests
{
    [Theory]
    [InlineData("llama-bf16", ScalarType.BFloat16)]
    [InlineData("mistral", ScalarType.Float32)]
    [InlineData("qwen3", ScalarType.Float32)]
    public void A_run_and_its_backward_never_wait_for_the_device(string folder, ScalarType dtype)
    {
        using var scope = NewDisposeScope();
        using var model = CausalLM.Load(Oracle.Directory(folder), META, dtype);
        using var adapters = LoraAdapters.Create(model, new LoraConfig { Rank = 2 }, seed: 0);
        var embeddings = zeros(2, 9, model.Config.HiddenSize, dtype: ScalarType.Float32, device: META).requires_grad_(true);
        var mask = RowMask.FromHost([.. Enumerable.Repeat(true, 18)], 2, 9, META);
        var states = model.Run(embeddings, mask, adapters, layer: 1);
        Assert.Equal([2L, 9, model.Config.HiddenSize], states.Last!.shape);
        Assert.Equal(DeviceType.META, states.Layer!.device_type);
        (states.Last.to(ScalarType.Float32).sum() + states.Layer.to(ScalarType.Float32).sum()).backward();
        Assert.NotNull(embeddings.grad);
        Assert.Equal([2L, 9, model.Config.HiddenSize], model.Embed(zeros(2, 9, dtype: ScalarType.Int64, device: META)).shape);
    }

    [CudaFact]
    public void A_model_on_CUDA_gives_the_logits_of_the_one_on_the_CPU()
    {
        using var scope = NewDisposeScope();
        using var grad = no_grad();
        using var oracle = Oracle.Open("llama-gqa");
        using var model = CausalLM.Load(Oracle.Directory("llama-gqa"), CUDA, ScalarType.Float32);
        using var mask = RowMask.FromHost([.. oracle.Read("mask.left").data<long>().Select(value => value != 0)], 3, 9, CUDA);
        var logits = model.Head.Logits(model.Run(model.Embed(oracle.Read("ids.left").cuda()), mask).Last!);
        Oracle.AssertClose(logits.cpu(), oracle.Read("logits.left"), 1e-4, mask.Value.cpu());
    }
}
