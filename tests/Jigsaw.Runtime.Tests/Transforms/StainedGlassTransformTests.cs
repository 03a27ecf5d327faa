using Jigsaw.Batches;
using Jigsaw.Checkpoints;
using Jigsaw.Transforms;
using Jigsaw.Transforms.Noise;
using TorchSharp;
using static TorchSharp.torch;

namespace Jigsaw.Runtime.Tests.Transforms;

public sealed class StainedGlassTransformTests
{
    private const int Vocabulary = 40;
    private const int Features = 16;

    [Fact]
    public void Changing_a_token_leaves_the_noisy_embeddings_before_it_equal_bit_for_bit()
    {
        using var scope = NewDisposeScope();
        using var transform = Stirred(new TransformConfig());
        long[] ids = [3, 9, 27, 1, 14, 5, 22, 8];
        for (var changed = 0; changed < ids.Length; changed++)
        {
            long[] others = [.. ids];
            others[changed] = 39;
            transform.Samples = 0;
            var before = Noisy(transform, ids);
            transform.Samples = 0;
            var after = Noisy(transform, others);
            Assert.True(before.narrow(1, 0, changed).IsSame(after.narrow(1, 0, changed)), $"a change at {changed} shows before it");
            Assert.False(before.narrow(1, changed, 1).IsSame(after.narrow(1, changed, 1)), $"a change at {changed} does not show there");
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Padding_on_either_side_gives_finite_values_and_the_same_moments_for_real_tokens(bool left)
    {
        using var scope = NewDisposeScope();
        using var transform = Stirred(new TransformConfig());
        var real = transform.EmbeddingTable.index_select(0, tensor(new long[] { 4, 8, 15, 16 })).unsqueeze(0);
        var padding = full(1, 3, Features, float.MaxValue / 1e20f);
        var padded = left ? cat([padding, real], 1) : cat([real, padding], 1);
        bool[] mask = left ? [false, false, false, true, true, true, true] : [true, true, true, true, false, false, false];
        var (means, stds) = transform.Moments(padded, RowMask.FromHost(mask, 1, 7, CPU));
        var (expectedMeans, expectedStds) = transform.Moments(real, RowMask.FromHost([true, true, true, true], 1, 4, CPU));
        Assert.True((means.isfinite() & stds.isfinite()).all().ToBoolean());
        Assert.True(means.narrow(1, left ? 3 : 0, 4).allclose(expectedMeans, 1e-5, 1e-6));
        Assert.True(stds.narrow(1, left ? 3 : 0, 4).allclose(expectedStds, 1e-5, 1e-6));
    }

    [Fact]
    public void Features_behind_the_rank_are_the_same_noise_for_every_token()
    {
        const int Rank = 5;
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        using var transform = Stirred(new TransformConfig { Rank = Rank });
        var x = transform.EmbeddingTable.index_select(0, tensor(new long[] { 4, 8, 15, 16, 23 })).unsqueeze(0);
        var mask = RowMask.FromHost(Enumerable.Repeat(true, 5).ToArray(), 1, 5, CPU);

        var (means, stds) = transform.Moments(x, mask);

        var (codewords, rest) = (x + means, stds.narrow(2, Rank, Features - Rank));
        Assert.Equal(0, codewords.narrow(2, Rank, Features - Rank).abs().max().item<float>());
        Assert.Equal((float)(0.1 * transform.Scale), rest.min().item<float>());
        Assert.Equal((float)(0.1 * transform.Scale), rest.max().item<float>());
        Assert.True(codewords.narrow(2, 0, Rank).std(1).min().item<float>() > 0);

        using (var density = new CodewordDensity(transform))
        {
            var known = density.Moments(tensor(new long[,] { { 4, 8, 15, 16, 23 } }), 0);
            Assert.True(known.Codewords.allclose(codewords, 1e-5, 1e-6) && known.Stds.allclose(stds, 1e-5, 1e-6));
        }

        ((codewords * codewords).sum() + stds.sum()).backward();
        Assert.Equal([Rank, Features], transform.Network.get_parameter("mean.weight")!.grad!.shape);
        Assert.Equal([Rank], transform.Network.get_parameter("std.bias")!.grad!.shape);

        transform.Save(folder.Path);
        using var loaded = StainedGlassTransform.LoadForTraining(folder.Path, transform.EmbeddingTable);
        Assert.Equal(Rank, loaded.Config.Rank);
        var again = loaded.Moments(x, mask);
        Assert.True(means.IsSame(again.Means) && stds.IsSame(again.Stds));
    }

    [Fact]
    public void A_fully_padded_row_gives_finite_values_and_gradients()
    {
        using var scope = NewDisposeScope();
        using var transform = Stirred(new TransformConfig());
        var noisy = transform.Apply(
            tensor(new long[,] { { 1, 2, 3 }, { 0, 0, 0 } }),
            RowMask.FromHost([true, true, true, false, false, false], 2, 3, CPU),
            RowMask.FromHost([true, true, false, false, false, false], 2, 3, CPU));
        noisy.Noisy.sum().backward();
        Assert.True(noisy.Noisy.isfinite().all().ToBoolean());
        Assert.All(transform.Parameters, parameter => Assert.True(parameter.Value.grad!.isfinite().all().ToBoolean(), parameter.Name));
    }

    [Fact]
    public void Tokens_outside_the_noise_mask_keep_their_embeddings_to_the_bit()
    {
        using var scope = NewDisposeScope();
        using var transform = Stirred(new TransformConfig());
        bool[] mask = [true, false, true, false];
        var noisy = transform.Apply(tensor(new long[,] { { 1, 2, 3, 4 } }), RowMask.FromHost([true, true, true, true], 1, 4, CPU), RowMask.FromHost(mask, 1, 4, CPU));
        for (var t = 0; t < mask.Length; t++)
        {
            Assert.Equal(mask[t], !noisy.Noisy.select(1, t).IsSame(noisy.Clean.select(1, t)));
        }
    }

    [Fact]
    public void Noise_follows_from_the_seed_and_the_number_of_the_sample()
    {
        using var scope = NewDisposeScope();
        var table = Table();
        using var first = new StainedGlassTransform(table, seed: 5);
        using var second = new StainedGlassTransform(table, seed: 5);
        using var other = new StainedGlassTransform(table, seed: 6);
        long[] ids = [1, 2, 3];
        var (one, two) = (Noisy(first, ids), Noisy(first, ids));
        Assert.True(one.IsSame(Noisy(second, ids)));
        Assert.False(one.IsSame(two));
        Assert.False(one.IsSame(Noisy(other, ids)));
        second.Samples = 1;
        Assert.True(two.IsSame(Noisy(second, ids)));
    }

    [Fact]
    public void A_fresh_transform_has_no_shift_and_the_configured_spread()
    {
        using var scope = NewDisposeScope();
        var config = new TransformConfig { Std = new TanhStd { Min = 0.1, Max = 3, InitialRho = 0.5, Shallow = 2 } };
        using var transform = new StainedGlassTransform(Table(), config);
        var noisy = transform.Apply(tensor(new long[,] { { 1, 2 } }), RowMask.FromHost([true, true], 1, 2, CPU), RowMask.FromHost([true, true], 1, 2, CPU));
        var expected = transform.Scale * (0.1 + (2.9 * (1 + Math.Tanh(0.5 / 2)) / 2));
        Assert.Equal(0, noisy.Means.abs().max().ToDouble());
        Assert.Equal(expected, noisy.Stds.mean().ToDouble(), 6);
        Assert.Equal(transform.Scale * 3, noisy.StdMax);
        Assert.Equal(transform.EmbeddingTable.std().ToDouble(), transform.Scale, 6);
    }

    [Fact]
    public void A_direct_spread_starts_at_its_own_value_and_a_bounded_mean_stays_inside_its_bound()
    {
        using var scope = NewDisposeScope();
        using var transform = Stirred(new TransformConfig { Std = new DirectStd { InitialStd = 0.25 }, Mean = new BoundedMean { Bound = 0.5 }, Scale = 1 }, 3f);
        var (means, stds) = transform.Moments(transform.EmbeddingTable.index_select(0, tensor(new long[] { 1, 2, 3 })).unsqueeze(0), RowMask.FromHost([true, true, true], 1, 3, CPU));
        Assert.InRange(means.abs().max().ToDouble(), 0.01, 0.5);
        Assert.InRange(stds.min().ToDouble(), 1e-4 * 0.999, 2);
        using var fresh = new StainedGlassTransform(Table(), new TransformConfig { Std = new DirectStd { InitialStd = 0.25 }, Scale = 1 });
        Assert.Equal(0.25, fresh.Moments(zeros(1, 1, Features), RowMask.FromHost([true], 1, 1, CPU)).Stds.mean().ToDouble(), 6);
    }

    [Fact]
    public void A_saved_transform_loads_to_the_same_distribution()
    {
        var directory = Directory.CreateTempSubdirectory("jigsaw-transform").FullName;
        try
        {
            using var scope = NewDisposeScope();
            using var transform = Stirred(new TransformConfig { Mean = new BoundedMean { Bound = 2.5 }, Heads = 2 });
            Noisy(transform, [1]);
            transform.Save(directory);
            using var loaded = StainedGlassTransform.Load(directory, transform.EmbeddingTable);
            Assert.Equal(transform.Config, loaded.Config);
            var (means, stds) = loaded.Moments(loaded.EmbeddingTable.unsqueeze(0), RowMask.FromTensor(ones(1, Vocabulary, dtype: ScalarType.Bool)));
            var (expectedMeans, expectedStds) = transform.Moments(transform.EmbeddingTable.unsqueeze(0), RowMask.FromTensor(ones(1, Vocabulary, dtype: ScalarType.Bool)));
            Assert.True(expectedMeans.IsSame(means) && expectedStds.IsSame(stds));
            Assert.Equal((transform.Scale, transform.MedianNorm, transform.StdMax), (loaded.Scale, loaded.MedianNorm, loaded.StdMax));
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [CudaFact]
    public void A_transform_on_cuda_has_the_moments_of_the_cpu_adds_secure_noise_and_is_saved_from_there()
    {
        using var scope = NewDisposeScope();
        using var grad = no_grad();
        using var written = new TemporaryFolder();
        using var again = new TemporaryFolder();
        using var host = Stirred(new TransformConfig { Mean = new BoundedMean { Bound = 2.5 }, Heads = 2 });
        host.Save(written.Path);
        using var device = StainedGlassTransform.Load(written.Path, host.EmbeddingTable.cuda());
        device.Save(again.Path);
        using var back = StainedGlassTransform.Load(again.Path, host.EmbeddingTable);
        var ids = tensor(Enumerable.Range(0, 64 * 9).Select(i => (long)(i * 7 % Vocabulary)).ToArray()).reshape(64, 9);
        var all = Enumerable.Repeat(true, 64 * 9).ToArray();
        bool[] noised = [.. all.Select((_, i) => i % 9 > 1)];
        (Tensor Clean, Tensor Means, Tensor Stds, Tensor Noisy) Apply(StainedGlassTransform transform)
        {
            var batch = transform.Apply(ids.to(transform.Device), RowMask.FromHost(all, 64, 9, transform.Device), RowMask.FromHost(noised, 64, 9, transform.Device));
            Assert.Equal(transform.Device.type, batch.Noisy.device_type);
            return (batch.Clean.cpu(), batch.Means.cpu(), batch.Stds.cpu(), batch.Noisy.cpu());
        }

        var (expected, found, read) = (Apply(host), Apply(device), Apply(back));
        Assert.True(expected.Means.IsSame(read.Means) && expected.Stds.IsSame(read.Stds));
        Losses.Steps.Near(expected.Means, found.Means, 1e-5, "μ");
        Losses.Steps.Near(expected.Stds, found.Stds, 1e-5, "σ");
        Assert.True(found.Noisy.narrow(1, 0, 2).IsSame(expected.Clean.narrow(1, 0, 2)));
        var noise = ((found.Noisy - found.Clean - found.Means) / found.Stds).narrow(1, 2, 7);
        Assert.Equal(0, noise.mean().ToDouble(), 0.1);
        Assert.Equal(1, noise.std().ToDouble(), 0.1);
    }

    [Theory]
    [InlineData("sgt_config.json", "{")]
    [InlineData("sgt_config.json", "{\"version\": 2}")]
    [InlineData("sgt.safetensors", "cut short")]
    public void A_damaged_file_is_named(string name, string content)
    {
        var directory = Directory.CreateTempSubdirectory("jigsaw-transform").FullName;
        try
        {
            using var scope = NewDisposeScope();
            using var transform = new StainedGlassTransform(Table());
            transform.Save(directory);
            File.WriteAllText(Path.Combine(directory, name), content);
            var exception = Assert.Throws<CheckpointException>(() => StainedGlassTransform.Load(directory, transform.EmbeddingTable));
            Assert.Contains(name, exception.Message, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Fact]
    public void A_transform_of_another_width_is_refused()
    {
        var directory = Directory.CreateTempSubdirectory("jigsaw-transform").FullName;
        try
        {
            using var scope = NewDisposeScope();
            using var transform = new StainedGlassTransform(Table());
            transform.Save(directory);
            var exception = Assert.Throws<CheckpointException>(() => StainedGlassTransform.Load(directory, zeros(Vocabulary, 2 * Features)));
            Assert.Contains("16", exception.Message, StringComparison.Ordinal);
            Assert.Contains("32", exception.Message, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    public static TheoryData<string, TransformConfig> Wrong() => new()
    {
        { "TanhStd.Min", new TransformConfig { Std = new TanhStd { Min = 0 } } },
        { "TanhStd.Max", new TransformConfig { Std = new TanhStd { Max = double.NaN } } },
        { "TanhStd.Max", new TransformConfig { Std = new TanhStd { Max = 1e308 } } },
        { "DirectStd.Max", new TransformConfig { Std = new DirectStd { Min = 3 } } },
        { "TanhStd.Shallow", new TransformConfig { Std = new TanhStd { Shallow = -1 } } },
        { "TanhStd.InitialRho", new TransformConfig { Std = new TanhStd { InitialRho = double.NaN } } },
        { "DirectStd.InitialStd", new TransformConfig { Std = new DirectStd { InitialStd = 5 } } },
        { "BoundedMean.Bound", new TransformConfig { Mean = new BoundedMean { Bound = 0 } } },
        { "BoundedMean.Shift", new TransformConfig { Mean = new BoundedMean { Bound = 1, Shift = double.NegativeInfinity } } },
        { "TransformConfig.Heads", new TransformConfig { Heads = 3 } },
        { "TransformConfig.Rank", new TransformConfig { Rank = 0 } },
        { "TransformConfig.Rank", new TransformConfig { Rank = 1000 } },
        { "TransformConfig.FeedForwardRatio", new TransformConfig { FeedForwardRatio = 0 } },
        { "TransformConfig.Scale", new TransformConfig { Scale = double.PositiveInfinity } },
        { "TransformConfig.Scale", new TransformConfig { Scale = double.NaN } },
        { "TransformConfig.Scale", new TransformConfig { Scale = 0 } },
        { "TransformConfig.Scale", new TransformConfig { Scale = -1 } },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void A_wrong_number_is_named(string property, TransformConfig config)
    {
        using var table = Table();
        var exception = Assert.Throws<ArgumentException>(() => new StainedGlassTransform(table, config));
        Assert.StartsWith(property + " is ", exception.Message, StringComparison.Ordinal);
        Assert.Contains("; use ", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_configuration_is_one_level_of_a_file_and_its_kind_a_number()
    {
        using var folder = new TemporaryFolder();
        using var table = Table();
        var config = new TransformConfig { Std = new DirectStd { Min = 0.5, Max = 3, InitialStd = 0.75 }, Mean = new BoundedMean { Bound = 2, Shift = 1 }, Scale = 0.25, Heads = 2 };
        using (var transform = new StainedGlassTransform(table, config, seed: 4))
        {
            transform.Save(folder.Path);
        }

        var written = System.Text.Json.JsonDocument.Parse(File.ReadAllText(folder["sgt_config.json"])).RootElement.GetProperty("config").GetRawText();
        Assert.Equal(
            """{"std_min":0.5,"std_max":3,"std":1,"shallow":1,"initial_rho":-4,"initial_std":0.75,"mean_bound":2,"mean_shift":1,"scale":0.25,"heads":2,"feed_forward_ratio":2}""",
            string.Concat(written.Where(c => !char.IsWhiteSpace(c))));
        using var loaded = StainedGlassTransform.Load(folder.Path, table);
        Assert.Equal(config, loaded.Config);
    }

    [Theory]
    [InlineData("\"std\": 0", "\"std\": 2", "its std is 2; supported are 0 (tanh) and 1 (direct)")]
    [InlineData("\"std\": 0", "\"std\": \"logistic\"", "not the JSON of a transform")]
    [InlineData("\"std_max\": 2", "\"std_max\": 1e308", "TanhStd.Max is 1E+308; use a number above Min, at most 1e6")]
    [InlineData("\"std_max\": 2", "\"std_max\": -1", "TanhStd.Max is -1")]
    [InlineData("\"heads\": 4", "\"heads\": 5", "TransformConfig.Heads is 5")]
    [InlineData("\"median_norm\": ", "\"median_norm\": -", "its median_norm is -")]
    [InlineData("\"scale\": 0", "\"scale\": -0", "its scale is -0")]
    public void A_file_that_asks_for_what_can_not_be_is_refused(string written, string instead, string message)
    {
        using var folder = new TemporaryFolder();
        using var table = Table();
        using (var transform = new StainedGlassTransform(table))
        {
            transform.Save(folder.Path);
        }

        var text = File.ReadAllText(folder["sgt_config.json"]);
        Assert.Contains(written, text, StringComparison.Ordinal);
        File.WriteAllText(folder["sgt_config.json"], text.Replace(written, instead, StringComparison.Ordinal));
        var exception = Assert.Throws<CheckpointException>(() => StainedGlassTransform.Load(folder.Path, table));
        Assert.Contains(message, exception.Message, StringComparison.Ordinal);
        Assert.Contains("sgt_config.json", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_network_names_its_parameters_as_the_file_does()
    {
        using var folder = new TemporaryFolder();
        using var transform = Stirred(new TransformConfig());
        transform.Save(folder.Path);
        using var file = SafetensorsFile.Open(folder["sgt.safetensors"]);
        var state = transform.Network.state_dict();
        Assert.Equal(file.Entries.Keys.Order(StringComparer.Ordinal), state.Keys.Order(StringComparer.Ordinal));
        foreach (var (name, value) in state)
        {
            using var saved = file.Read(name, CPU, ScalarType.Float32);
            Assert.True(value.IsSame(saved), name);
        }

        Assert.Equal(["mean.weight", "mean.bias", "std.weight", "std.bias"], transform.Parameters.Where(parameter => parameter.IsHead).Select(parameter => parameter.Name));
    }

    [Fact]
    public void Making_a_transform_leaves_the_global_random_state_as_it_was()
    {
        using var before = random.get_rng_state();
        using var table = Table();
        using var transform = new StainedGlassTransform(table);
        using var after = random.get_rng_state();
        Assert.True(before.IsSame(after));
    }

    [Fact]
    public void A_disposed_transform_has_freed_its_network_and_left_the_table()
    {
        using var table = Table();
        var transform = new StainedGlassTransform(table);
        transform.Dispose();
        Assert.All(transform.Parameters, parameter => Assert.True(parameter.Value.IsInvalid, parameter.Name));
        Assert.False(table.IsInvalid);
    }

    [Fact]
    public void A_network_that_is_moved_away_from_the_table_gets_a_sentence()
    {
        using var table = Table();
        using var transform = new StainedGlassTransform(table);
        Action[] moves = [() => transform.Network.to(ScalarType.Float64), () => transform.Network.to(DeviceType.META), () => transform.Network.to(META, ScalarType.Float64)];
        foreach (var move in moves)
        {
            Assert.StartsWith("The network of a transform stays float32", Assert.Throws<NotSupportedException>(move).Message, StringComparison.Ordinal);
        }

        Assert.All(transform.Network.parameters(), parameter => Assert.Equal((ScalarType.Float32, DeviceType.CPU), (parameter.dtype, parameter.device_type)));
    }

    internal static Tensor Table() => randn([Vocabulary, Features], dtype: ScalarType.Float32, generator: new Generator(11)) * 0.3f;

    /// <summary>A transform whose heads are not zero, so that μ and σ depend on the tokens.</summary>
    internal static StainedGlassTransform Stirred(TransformConfig config, float size = 0.5f)
    {
        var transform = new StainedGlassTransform(Table(), config, seed: 3);
        using var noGrad = no_grad();
        using var generator = new Generator(12);
        foreach (var parameter in transform.Parameters.Where(parameter => parameter.Name is "mean.weight" or "std.weight"))
        {
            using var noise = randn(parameter.Value.shape, dtype: ScalarType.Float32, generator: generator) * size;
            parameter.Value.add_(noise);
        }

        return transform;
    }

    internal static Tensor Noisy(StainedGlassTransform transform, long[] ids)
    {
        var all = Enumerable.Repeat(true, ids.Length).ToArray();
        return transform.Apply(tensor(ids).unsqueeze(0), RowMask.FromHost(all, 1, ids.Length, CPU), RowMask.FromHost(all, 1, ids.Length, CPU)).Noisy;
    }
}
