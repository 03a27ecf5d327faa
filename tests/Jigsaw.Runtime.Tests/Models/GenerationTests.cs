using Jigsaw.Batches;
using Jigsaw.Models;
using Jigsaw.Models.Generation;
using Jigsaw.Models.Lora;
using static TorchSharp.torch;

namespace Jigsaw.Runtime.Tests.Models;

public sealed class GenerationTests
{
    private static readonly float[] _probabilities = [0.5f, 0.3f, 0.15f, 0.05f];

    [Theory]
    [InlineData("mistral")]
    [InlineData("qwen3")]
    public void Cached_generation_gives_what_whole_runs_give(string folder) => Generate(folder, CPU);

    [CudaTheory]
    [InlineData("mistral")]
    [InlineData("qwen3")]
    public void Cached_generation_on_cuda_gives_what_whole_runs_give(string folder) => Generate(folder, CUDA);

    private static void Generate(string folder, Device device)
    {
        using var scope = NewDisposeScope();
        using var grad = no_grad();
        using var oracle = Oracle.Open(folder);
        using var model = CausalLM.Load(Oracle.Directory(folder), device, ScalarType.Float32);
        var ids = oracle.Read("ids.long").to(device);
        var cached = model.GenerateFromIds(ids, oracle.Mask("mask.long", device), options: new GenerationOptions { MaxNewTokens = 8, EndTokens = [] })[0];
        for (var step = 0; step < cached.Length; step++)
        {
            var length = (int)ids.shape[1];
            var last = model.Run(model.Embed(ids), RowMask.FromHost([.. Enumerable.Repeat(true, length)], 1, length, device)).Last!;
            Assert.Equal(model.Head.Logits(last)[0, -1].argmax().item<long>(), cached[step]);
            ids = cat([ids, tensor(new long[] { cached[step] }, device: device).unsqueeze(0)], 1);
        }
    }

    [Fact]
    public void Padding_on_either_side_and_other_rows_change_no_reply()
    {
        using var scope = NewDisposeScope();
        using var oracle = Oracle.Open("llama-gqa");
        using var model = CausalLM.Load(Oracle.Directory("llama-gqa"), CPU, ScalarType.Float32);
        var options = new GenerationOptions { MaxNewTokens = 6, EndTokens = [] };
        var left = model.GenerateFromIds(oracle.Read("ids.left"), oracle.Mask("mask.left"), options: options);
        var mask = oracle.Read("mask.left");
        for (var row = 0; row < left.Length; row++)
        {
            var length = (int)mask[row].sum().item<long>();
            var own = oracle.Read("ids.left")[row].narrow(0, mask.shape[1] - length, length);
            var alone = RowMask.FromHost([.. Enumerable.Repeat(true, length)], 1, length, CPU);
            Assert.Equal(left[row], model.GenerateFromIds(own.unsqueeze(0), alone, options: options)[0]);
            var right = cat([own, zeros(3, dtype: ScalarType.Int64)]).unsqueeze(0);
            var padded = RowMask.FromHost([.. Enumerable.Repeat(true, length), false, false, false], 1, length + 3, CPU);
            Assert.Equal(left[row], model.GenerateFromIds(right, padded, options: options)[0]);
        }
    }

    [Fact]
    public void Embeddings_and_the_ids_that_they_stand_for_get_the_same_reply_with_adapters_too()
    {
        using var scope = NewDisposeScope();
        using var oracle = Oracle.Open("lora/qv-r4");
        using var model = CausalLM.Load(Oracle.Directory("llama-gqa"), CPU, ScalarType.Float32);
        using var adapters = LoraAdapters.Load(Oracle.Directory("lora/qv-r4"), model);
        var (ids, mask) = (oracle.Read("ids"), oracle.Mask("mask"));
        var options = new GenerationOptions { MaxNewTokens = 5, EndTokens = [] };
        var adapted = model.Generate(model.Embed(ids), mask, adapters, options);
        Assert.Equal(model.GenerateFromIds(ids, mask, adapters, options), adapted);
        Assert.NotEqual(model.GenerateFromIds(ids, mask, options: options), adapted);
        Assert.Equal(oracle.Read("logits.adapted").select(1, -1).argmax(-1).data<long>().Select(id => (int)id), adapted.Select(reply => reply[0]));
    }

    [Fact]
    public void A_reply_ends_with_its_first_end_token()
    {
        using var scope = NewDisposeScope();
        using var oracle = Oracle.Open("llama-gqa");
        using var model = CausalLM.Load(Oracle.Directory("llama-gqa"), CPU, ScalarType.Float32);
        var (ids, mask) = (oracle.Read("ids.left"), oracle.Mask("mask.left"));
        var free = model.GenerateFromIds(ids, mask, options: new GenerationOptions { MaxNewTokens = 12, EndTokens = [] });
        var end = free[0][4];
        var ended = model.GenerateFromIds(ids, mask, options: new GenerationOptions { MaxNewTokens = 12, EndTokens = [end] });
        Assert.Equal(free.Select(reply => reply.Take(Array.IndexOf(reply, end) is >= 0 and var at ? at + 1 : reply.Length)), ended);
    }

    [Fact]
    public void Draws_are_repeatable_and_stay_within_top_k_and_top_p()
    {
        using var scope = NewDisposeScope();
        var logits = log(tensor(_probabilities)).unsqueeze(0).expand(2000, 4);
        Assert.Equal(Frequencies(logits, new GenerationOptions { Temperature = 1, Seed = 3 }), Frequencies(logits, new GenerationOptions { Temperature = 1, Seed = 3 }));
        AssertNear([0.5, 0.3, 0.15, 0.05], Frequencies(logits, new GenerationOptions { Temperature = 1 }));
        AssertNear([0.625, 0.375, 0, 0], Frequencies(logits, new GenerationOptions { Temperature = 1, TopK = 2 }));
        AssertNear([0.625, 0.375, 0, 0], Frequencies(logits, new GenerationOptions { Temperature = 1, TopP = 0.6 }));
        AssertNear([1, 0, 0, 0], Frequencies(logits, new GenerationOptions { Temperature = 1, TopP = 0.01 }));
        AssertNear([1, 0, 0, 0], Frequencies(logits, new GenerationOptions()));
        AssertNear([0.684, 0.246, 0.062, 0.007], Frequencies(logits, new GenerationOptions { Temperature = 0.5 }));
    }

    [Fact]
    public void Options_out_of_range_and_rows_without_a_token_are_refused()
    {
        using var scope = NewDisposeScope();
        using var model = CausalLM.Load(Oracle.Directory("llama-gqa"), CPU, ScalarType.Float32);
        var one = RowMask.FromHost([true], 1, 1, CPU);
        foreach (var options in new GenerationOptions[] { new() { MaxNewTokens = 0 }, new() { Temperature = -1 }, new() { Temperature = double.NaN }, new() { TopK = 0 }, new() { TopP = 0 }, new() { TopP = 1.1 } })
        {
            Assert.Throws<ArgumentException>(() => model.Generate(zeros(1, 1, 64), one, options: options));
        }

        Assert.Contains("has no token", Assert.Throws<ArgumentException>(() => model.Generate(zeros(1, 1, 64), RowMask.FromHost([false], 1, 1, CPU))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void It_ends_between_two_tokens_when_it_is_canceled()
    {
        using var scope = NewDisposeScope();
        using var model = CausalLM.Load(Oracle.Directory("llama-gqa"), CPU, ScalarType.Float32);
        using var source = new CancellationTokenSource(TimeSpan.FromMilliseconds(100));
        var options = new GenerationOptions { MaxNewTokens = 3000, EndTokens = [], Cancellation = source.Token };
        Assert.Throws<OperationCanceledException>(() => model.Generate(zeros(1, 1, 64), RowMask.FromHost([true], 1, 1, CPU), options: options));
    }

    private static double[] Frequencies(Tensor logits, GenerationOptions options)
    {
        using var sampler = new TokenSampler(options);
        var drawn = sampler.Next(logits);
        return [.. Enumerable.Range(0, 4).Select(token => drawn.Count(id => id == token) / (double)drawn.Length)];
    }

    private static void AssertNear(double[] expected, double[] actual)
    {
        foreach (var (wanted, got) in expected.Zip(actual))
        {
            Assert.InRange(got, wanted == 0 ? 0 : wanted - 0.04, wanted == 0 ? 0 : wanted + 0.04);
        }
    }
}
