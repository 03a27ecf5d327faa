using Jigsaw.Batches;
using Jigsaw.Checkpoints;
using Jigsaw.Client.Embeddings;
using Jigsaw.Tokenization;
using Jigsaw.Transforms;
using Jigsaw.Transforms.Noise;
using static TorchSharp.torch;

namespace Jigsaw.Client.Tests;

public sealed class AgreementTests
{
    public static TheoryData<int, int, int, int, string> Shapes()
    {
        var data = new TheoryData<int, int, int, int, string>();
        foreach (var (features, heads, ratio) in ((int, int, int)[])[(4, 1, 1), (16, 4, 2), (60, 3, 2), (64, 4, 4), (130, 2, 3), (576, 4, 2)])
        {
            foreach (var length in (int[])[1, 2, 5, 7, 40, 97, 130])
            {
                foreach (var kind in (string[])["tanh", "tanh and bound", "direct", "rank"])
                {
                    if (features < 576 || length % 2 == 1)
                    {
                        data.Add(features, heads, ratio, length, kind);
                    }
                }
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Means_and_stds_are_those_of_the_runtime(int features, int heads, int ratio, int length, string kind)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var trained = new Trained(50, features, Config(kind, heads, ratio));
        using var client = trained.Client();
        var ids = Ids(length, 50);
        var expected = trained.Transform.Moments(trained.Table.index_select(0, tensor(ids.Select(id => (long)id).ToArray())).unsqueeze(0), RowMask.FromHost([.. Enumerable.Repeat(true, length)], 1, length, CPU));

        var (_, means, stds) = client.Moments(ids, client.NewCache());

        AssertClose(expected.Means, means);
        AssertClose(expected.Stds, stds);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(50)]
    public void A_turn_on_top_of_what_is_cached_is_the_whole_prompt_at_once(int before)
    {
        using var trained = new Trained(50, 60, Config("tanh", 3, 2));
        using var client = trained.Client();
        var ids = Ids(before + 17, 50);
        var (_, means, stds) = client.Moments(ids, client.NewCache());
        var cache = client.NewCache();
        client.Moments(ids.AsSpan(0, before), cache);

        var (_, laterMeans, laterStds) = client.Moments(ids.AsSpan(before), cache);

        AssertClose(means.AsSpan(before * 60), laterMeans);
        AssertClose(stds.AsSpan(before * 60), laterStds);
    }

    [Theory]
    [InlineData("tanh")]
    [InlineData("rank")]
    public void The_number_of_cores_changes_no_bit(string kind)
    {
        using var trained = new Trained(50, 576, Config(kind, 4, 2));
        using var client = trained.Client();
        var (clean, _, _) = client.Moments(Ids(141, 50), client.NewCache());
        var block = TransformBlock.Read(trained.TransformDirectory, out _);
        var alone = Run(1);
        foreach (var cores in (int[])[2, 3, 16])
        {
            for (var i = 0; i < 5; i++)
            {
                Assert.Equal(alone, Run(cores));
            }
        }

        // A prompt, and a token on top of it.
        float[] Run(int cores)
        {
            block.Cores = cores;
            var (means, stds, cache) = (new float[clean.Length], new float[clean.Length], block.NewCache());
            var first = clean.Length - 576;
            block.Run(clean.AsMemory(0, first), 140, cache, means.AsMemory(0, first), stds.AsMemory(0, first));
            block.Run(clean.AsMemory(first), 1, cache, means.AsMemory(first), stds.AsMemory(first));
            return [.. means, .. stds];
        }
    }

    [Fact]
    public void Tokens_and_masks_are_those_of_the_runtime()
    {
        using var trained = new Trained(2000, 16, Config("tanh", 4, 2));
        using var client = trained.Client();
        var noise = new NoiseTokenizer(Tokenizer.Load(trained.ModelDirectory)) { NoiseRoles = ["user"] };
        ChatMessage[] messages = [new("user", "My order 1234 to Zoë is late <|im_end|>"), new("assistant", "Sorry."), new("user", "Where is it?")];

        var expected = noise.Tokenize(messages, addGenerationPrompt: true);
        var actual = client.Tokenize(messages);

        Assert.Equal(expected.Ids, actual.Ids);
        Assert.Equal(expected.Noise, actual.Noise);
        Assert.Contains(true, actual.Noise);
        Assert.Contains(false, actual.Noise);
    }

    [Theory]
    [InlineData(ScalarType.Float32, EmbeddingType.Float32)]
    [InlineData(ScalarType.BFloat16, EmbeddingType.BFloat16)]
    [InlineData(ScalarType.Float16, EmbeddingType.Float16)]
    public void Tokens_that_are_not_transformed_are_sent_as_the_table_has_them(ScalarType stored, EmbeddingType type)
    {
        using var trained = new Trained(50, 16, Config("tanh", 4, 2), stored);
        using var client = trained.Client();
        var ids = Ids(9, 50);

        var prompt = client.Transform(ids, [.. ids.Select((_, i) => i % 3 == 0)]);

        Assert.Equal(type, prompt.Type);
        Assert.Equal((9, 16), (prompt.TokenCount, prompt.Features));
        var rows = prompt.ToSingles();
        using var table = trained.Table.to(ScalarType.Float32);
        for (var row = 0; row < ids.Length; row++)
        {
            using var clean = table[ids[row]];
            Assert.Equal(row % 3 != 0, clean.data<float>().ToArray().AsSpan().SequenceEqual(rows.AsSpan(row * 16, 16)));
        }
    }

    [Fact]
    public void What_is_sent_is_the_mean_and_standard_normal_noise_of_its_std()
    {
        using var trained = new Trained(50, 64, Config("tanh", 4, 2));
        using var client = trained.Client();
        var ids = Ids(200, 50);
        var (clean, means, stds) = client.Moments(ids, client.NewCache());

        var rows = client.Transform(ids, [.. ids.Select(_ => true)]).ToSingles();

        var numbers = rows.Select((value, i) => (value - clean[i] - (double)means[i]) / stds[i]).ToArray();
        Assert.InRange(numbers.Average(), -0.05, 0.05);
        Assert.InRange(numbers.Average(number => number * number), 0.95, 1.05);
        Assert.InRange(numbers.Max(Math.Abs), 3, 6.5);
    }

    [Fact]
    public void A_std_that_hides_nothing_is_refused()
    {
        using var trained = new Trained(50, 16, new TransformConfig { Std = new DirectStd { Min = 1e-60, Max = 2e-60, InitialStd = 1e-60 } });
        Assert.Contains("σ", Assert.Throws<CheckpointException>(() => trained.Client()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_float16_cannot_hold_is_refused_and_sent_as_another_type()
    {
        using var trained = new Trained(50, 16, new TransformConfig { Scale = 1, Std = new DirectStd { Min = 2e5, Max = 4e5, InitialStd = 3e5 } });
        using (var client = trained.Client(EmbeddingType.Float16))
        {
            var (ids, all) = (Ids(40, 50), Enumerable.Repeat(true, 40).ToArray());
            Assert.Contains("Float16", Assert.Throws<InvalidOperationException>(() => client.Transform(ids, all)).Message, StringComparison.Ordinal);
        }

        using var wider = trained.Client(EmbeddingType.BFloat16);
        Assert.All(wider.Transform([1, 2], [true, true]).ToSingles(), number => Assert.True(float.IsFinite(number)));
    }

    private static TransformConfig Config(string kind, int heads, int ratio) => new()
    {
        Rank = kind == "rank" ? 3 : null,
        Heads = heads,
        FeedForwardRatio = ratio,
        Std = kind == "direct" ? new DirectStd { Min = 0.01, Max = 0.5 } : new TanhStd { Shallow = 1.5, InitialRho = -1, Max = 8 },
        Mean = kind == "tanh and bound" ? new BoundedMean { Bound = 1.5, Shift = 0.25 } : new FreeMean(),
    };

    private static int[] Ids(int count, int vocabulary) => [.. Enumerable.Range(0, count).Select(i => ((i * 31) + (i * i)) % vocabulary)];

    private static void AssertClose(Tensor expected, float[] actual)
    {
        using var flat = expected.contiguous().reshape(-1);
        AssertClose(flat.data<float>().ToArray(), actual);
    }

    private static void AssertClose(ReadOnlySpan<float> expected, float[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        var (difference, size) = (0.0, 0.0);
        for (var i = 0; i < actual.Length; i++)
        {
            difference = Math.Max(difference, Math.Abs(actual[i] - (double)expected[i]));
            size = Math.Max(size, Math.Abs((double)expected[i]));
        }

        Assert.True(difference <= 1e-5 * size, $"a difference of {difference} at numbers up to {size}");
    }
}
