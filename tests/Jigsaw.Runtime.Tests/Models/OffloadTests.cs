using Jigsaw.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Jigsaw.Runtime.Tests.Models;

public sealed class OffloadTests
{
    [Fact]
    public void An_offloaded_model_runs_to_its_last_layer_and_is_whole_again_after()
    {
        using var scope = NewDisposeScope();
        using var oracle = Oracle.Open("llama-gqa");
        using var model = CausalLM.Load(Oracle.Directory("llama-gqa"), CPU, ScalarType.Float32);
        var (embeddings, mask) = (model.Embed(oracle.Read("ids.left")), oracle.Mask("mask.left"));
        var whole = model.Run(embeddings, mask, layer: 1);
        model.Offload(1);
        Assert.Equal(1, model.TruncatedAfter);
        Assert.Equal(whole.Layer!.data<float>().ToArray(), model.Run(embeddings, mask, layer: 1, toEnd: false).Layer!.data<float>().ToArray());
        Assert.Contains("call Restore() first", Assert.Throws<InvalidOperationException>(() => model.Run(embeddings, mask)).Message, StringComparison.Ordinal);
        Assert.Throws<InvalidOperationException>(() => model.Run(embeddings, mask, layer: 2, toEnd: false));
        Assert.Throws<InvalidOperationException>(() => model.Generate(embeddings, mask));
        Assert.Throws<InvalidOperationException>(() => model.Offload(0));
        model.Restore();
        Assert.Null(model.TruncatedAfter);
        Assert.Equal(whole.Last!.data<float>().ToArray(), model.Run(embeddings, mask).Last!.data<float>().ToArray());
        Assert.Throws<ArgumentOutOfRangeException>(() => model.Offload(4));
    }

    [Fact]
    public void What_follows_the_last_layer_leaves_the_device()
    {
        using var model = CausalLM.Load(Oracle.Directory("llama-gqa"), CPU, ScalarType.Float32);
        model.Offload(1, META);
        var devices = model.Linears.ToLookup(linear => linear.Weight.device_type, linear => linear.Module);
        Assert.Equal(14, devices[DeviceType.META].Count());
        Assert.All(devices[DeviceType.META], module => Assert.Matches(@"layers\.[23]\.", module));
        Assert.Equal(DeviceType.META, model.Head.Weight.device_type);
        Assert.Equal(DeviceType.CPU, model.EmbeddingTable.device_type);
    }
}
