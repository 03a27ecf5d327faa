using System.Diagnostics;
using System.Text.Json.Nodes;
using Jigsaw.Batches;
using Jigsaw.Transforms;
using Jigsaw.Transforms.Noise;
using TorchSharp;
using static TorchSharp.torch;

namespace Jigsaw.Runtime.Tests.Transforms;

/// <summary>A transform that is loaded to be used, and what the holder of its file can do.</summary>
public sealed class SecureTransformTests
{
    private const string Config = "sgt_config.json";
    private const long Seed = 3;

    private static readonly long[] _prompt = [7, 21, 3, 14, 39, 8, 25, 11, 30, 2, 17, 33, 5, 28, 19, 36];

    // Enough that the nearest embedding says nothing.
    private static readonly TransformConfig _loud = new() { Std = new TanhStd { Max = 40, InitialRho = 3 } };

    [Fact]
    public void A_loaded_transform_draws_what_nobody_can_draw_again()
    {
        using var folder = new TemporaryFolder();
        using var scope = NewDisposeScope();
        using var trained = StainedGlassTransformTests.Stirred(_loud);
        trained.Save(folder.Path);
        using var one = StainedGlassTransform.Load(folder.Path, trained.EmbeddingTable);
        using var other = StainedGlassTransform.Load(folder.Path, trained.EmbeddingTable);
        using var view = trained.WithSecureNoise();
        Tensor[] noisy = [.. ((StainedGlassTransform[])[one, one, other, other, view, trained]).Select(transform => StainedGlassTransformTests.Noisy(transform, _prompt))];
        for (var i = 0; i < noisy.Length; i++)
        {
            for (var j = 0; j < i; j++)
            {
                Assert.InRange(noisy[i].eq(noisy[j]).sum().ToInt64(), 0, 3);
            }
        }
    }

    [Fact]
    public void Two_processes_that_load_the_same_transform_send_different_numbers_for_the_same_prompt()
    {
        using var folder = new TemporaryFolder();
        using var trained = StainedGlassTransformTests.Stirred(_loud);
        trained.Save(folder.Path);
        var (one, other) = (NumbersOfAnother(folder.Path), NumbersOfAnother(folder.Path));
        Assert.Equal(_prompt.Length * 16, one.Length);
        Assert.Equal(one.Length, other.Length);
        Assert.InRange(one.Zip(other).Count(pair => pair.First == pair.Second), 0, 3);

        static string[] NumbersOfAnother(string directory)
        {
            var start = new ProcessStartInfo("dotnet", ["exec", typeof(SecureTransformTests).Assembly.Location, "--noise", directory]) { RedirectStandardOutput = true, RedirectStandardError = true };
            start.Environment["OMP_NUM_THREADS"] = "1";
            using var process = Process.Start(start)!;
            var error = process.StandardError.ReadToEndAsync();
            var output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            Assert.True(process.ExitCode == 0, error.Result);
            return output.Split(' ', StringSplitOptions.TrimEntries);
        }
    }

    [Fact]
    public void A_loaded_transform_has_no_seed_and_none_can_be_set()
    {
        using var folder = new TemporaryFolder();
        using var trained = StainedGlassTransformTests.Stirred(_loud);
        trained.Save(folder.Path);
        using var used = StainedGlassTransform.Load(folder.Path, trained.EmbeddingTable);
        using var view = trained.WithSecureNoise();
        foreach (var secure in (StainedGlassTransform[])[used, view])
        {
            Assert.True(secure.HasSecureNoise);
            Assert.Null(secure.Seed);
            Assert.Null(secure.Samples);
            Assert.Contains("LoadForTraining", Assert.Throws<InvalidOperationException>(() => secure.Samples = 0).Message, StringComparison.Ordinal);
        }

        Assert.False(trained.HasSecureNoise);
        Assert.Equal((Seed, 0), (trained.Seed, trained.Samples));
    }

    [Fact]
    public void A_transform_loaded_for_training_draws_the_noise_of_its_seed()
    {
        using var folder = new TemporaryFolder();
        using var scope = NewDisposeScope();
        using var trained = StainedGlassTransformTests.Stirred(_loud);
        trained.Save(folder.Path);
        using var again = StainedGlassTransform.LoadForTraining(folder.Path, trained.EmbeddingTable, Seed);
        using var other = StainedGlassTransform.LoadForTraining(folder.Path, trained.EmbeddingTable);
        var noisy = StainedGlassTransformTests.Noisy(trained, _prompt);
        Assert.True(noisy.IsSame(StainedGlassTransformTests.Noisy(again, _prompt)));
        Assert.False(noisy.IsSame(StainedGlassTransformTests.Noisy(other, _prompt)));
        Assert.Equal(ScalarType.Float32, noisy.dtype);
    }

    [Fact]
    public void An_old_file_loads_and_the_first_save_leaves_seed_and_count_out()
    {
        using var folder = new TemporaryFolder();
        using var scope = NewDisposeScope();
        using var trained = StainedGlassTransformTests.Stirred(_loud);
        StainedGlassTransformTests.Noisy(trained, _prompt);
        trained.Save(folder.Path);
        string[] expected = ["version", "features", "scale", "median_norm", "config"];
        Assert.Equal(expected, Fields());

        MakeOld(folder, Seed, samples: 12);
        using var used = StainedGlassTransform.Load(folder.Path, trained.EmbeddingTable);
        Assert.True(used.HasSecureNoise);
        Assert.Equal(trained.Config, used.Config);
        used.Save(folder.Path);
        Assert.Equal(expected, Fields());

        IEnumerable<string> Fields() => JsonNode.Parse(File.ReadAllText(folder[Config]))!.AsObject().Select(field => field.Key);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Who_holds_the_file_and_an_old_seed_reads_a_training_and_nothing_that_is_sent(bool used)
    {
        using var folder = new TemporaryFolder();
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var trained = StainedGlassTransformTests.Stirred(_loud);
        trained.Samples = 4;
        trained.Save(folder.Path);
        MakeOld(folder, Seed, samples: 4);
        using var loaded = StainedGlassTransform.Load(folder.Path, trained.EmbeddingTable);
        var noisy = StainedGlassTransformTests.Noisy(used ? loaded : trained, _prompt);

        // The attacker guesses the count, too, and takes what explains the noise best.
        var attempts = Enumerable.Range(0, 8).Select(count => Read(loaded, noisy, Seed, count)).ToArray();
        var read = attempts.Max(attempt => attempt.Zip(_prompt).Count(pair => pair.First == pair.Second));
        if (used)
        {
            Assert.InRange(read, 0, _prompt.Length / 2);
        }
        else
        {
            Assert.Equal(_prompt, attempts[4]);
        }
    }

    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.Float64)]
    [InlineData(ScalarType.BFloat16)]
    [InlineData(ScalarType.Float16)]
    public void Noise_is_added_up_in_double_precision_and_rounded_once(ScalarType type)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var trained = StainedGlassTransformTests.Stirred(new TransformConfig());
        var noise = randn(1, _prompt.Length, trained.Features, dtype: ScalarType.Float64, generator: new Generator(5));
        using var used = trained.WithNoise(new Given(noise), type);
        var ids = tensor(_prompt).unsqueeze(0);
        var mask = RowMask.FromTensor(ones_like(ids, dtype: ScalarType.Bool));
        var batch = used.Apply(ids, mask, mask);
        Assert.Equal(type, batch.Noisy.dtype);
        var (x, mean, std, epsilon) = (Host(batch.Clean), Host(batch.Means), Host(batch.Stds), Host(noise));
        var actual = Host(batch.Noisy);
        for (var i = 0; i < actual.Length; i++)
        {
            Assert.Equal(Nearest(x[i] + mean[i] + (std[i] * epsilon[i]), type), actual[i]);
        }
    }

    [Fact]
    public void X_tilde_is_sent_in_the_dtype_of_the_model_or_the_one_asked_for()
    {
        using var folder = new TemporaryFolder();
        using var scope = NewDisposeScope();
        using var trained = new StainedGlassTransform(StainedGlassTransformTests.Table().to(ScalarType.BFloat16));
        trained.Save(folder.Path);
        using var used = StainedGlassTransform.Load(folder.Path, trained.EmbeddingTable);
        using var wide = StainedGlassTransform.Load(folder.Path, trained.EmbeddingTable, ScalarType.Float32);
        ScalarType Sent(StainedGlassTransform transform) => StainedGlassTransformTests.Noisy(transform, _prompt).dtype;
        Assert.Equal((ScalarType.BFloat16, ScalarType.Float32), (Sent(used), Sent(wide)));
        Assert.Equal((ScalarType.BFloat16, ScalarType.Float16), (Sent(trained.WithSecureNoise()), Sent(trained.WithSecureNoise(ScalarType.Float16))));
        Assert.Contains("Int64", Assert.Throws<ArgumentException>(() => trained.WithSecureNoise(ScalarType.Int64)).Message, StringComparison.Ordinal);
        Assert.Contains("Int8", Assert.Throws<ArgumentException>(() => StainedGlassTransform.Load(folder.Path, trained.EmbeddingTable, ScalarType.Int8)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_not_noised_keeps_its_embedding_and_gradients_flow_as_in_training()
    {
        using var scope = NewDisposeScope();
        using var trained = StainedGlassTransformTests.Stirred(new TransformConfig());
        using var used = trained.WithSecureNoise();
        var ids = tensor(new long[,] { { 1, 2, 3, 4 } });
        var attention = RowMask.FromHost([true, true, true, true], 1, 4, CPU);
        var batch = used.Apply(ids, attention, RowMask.FromHost([true, false, true, false], 1, 4, CPU));
        foreach (var t in (long[])[1, 3])
        {
            Assert.True(batch.Noisy.select(1, t).IsSame(batch.Clean.select(1, t)));
        }

        batch.Noisy.sum().backward();
        Assert.All(trained.Parameters, parameter => Assert.True(parameter.Value.grad!.isfinite().all().ToBoolean(), parameter.Name));
    }

    [Fact]
    public void A_view_with_secure_noise_shares_the_parameters_and_leaves_them_to_their_owner()
    {
        using var scope = NewDisposeScope();
        using var trained = StainedGlassTransformTests.Stirred(new TransformConfig());
        var view = trained.WithSecureNoise();
        Assert.Same(trained.Network, view.Network);
        view.Dispose();
        Assert.All(trained.Parameters, parameter => Assert.False(parameter.Value.IsInvalid, parameter.Name));
        StainedGlassTransformTests.Noisy(trained, _prompt);
    }

    [Fact]
    public void Secure_noise_waits_for_no_device()
    {
        using var scope = NewDisposeScope();
        using var trained = new StainedGlassTransform(empty(40, 16, device: META));
        using var used = trained.WithSecureNoise();
        var ids = empty([2, 3], dtype: ScalarType.Int64, device: META);
        var mask = RowMask.FromTensor(empty([2, 3], dtype: ScalarType.Bool, device: META));
        var noisy = used.Apply(ids, mask, mask).Noisy;
        Assert.Equal([2, 3, 16], noisy.shape);
        Assert.Equal((DeviceType.META, ScalarType.Float32), (noisy.device_type, noisy.dtype));
    }

    /// <summary>x̃ of a prompt by a transform's file, in a process that has drawn nothing before.</summary>
    internal static double[] FirstNumbers(string directory)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var used = StainedGlassTransform.Load(directory, StainedGlassTransformTests.Table());
        return Host(StainedGlassTransformTests.Noisy(used, _prompt));
    }

    /// <summary>The tokens of a prompt, if the noise follows from a seed and a count: each is the one whose x̃ the noise explains best, after those before it.</summary>
    private static long[] Read(StainedGlassTransform transform, Tensor noisy, long seed, long count)
    {
        using var scope = NewDisposeScope();
        using var source = new SeededNoise(seed, CPU) { Count = count };
        var noise = source.Draw(noisy.shape, CPU)[0];
        var vocabulary = transform.EmbeddingTable.shape[0];
        var tokens = zeros(vocabulary, 0, dtype: ScalarType.Int64);
        var read = new List<long>();
        for (var t = 0; t < noisy.shape[1]; t++)
        {
            var candidates = cat([tokens, arange(vocabulary).unsqueeze(1)], 1);
            var clean = transform.EmbeddingTable[candidates];
            var (means, stds) = transform.Moments(clean, RowMask.FromTensor(ones_like(candidates, dtype: ScalarType.Bool)));
            var explained = (clean + means + (stds * noise[t])).select(1, t);
            read.Add((explained - noisy[0, t]).norm(1).argmin().ToInt64());
            tokens = cat([tokens, full(vocabulary, 1, read[^1], dtype: ScalarType.Int64)], 1);
        }

        return [.. read];
    }

    /// <summary>Gives a file the fields that it had while noise followed from them.</summary>
    private static void MakeOld(TemporaryFolder folder, long seed, long samples)
    {
        var file = JsonNode.Parse(File.ReadAllText(folder[Config]))!.AsObject();
        file["seed"] = seed;
        file["samples"] = samples;
        File.WriteAllText(folder[Config], file.ToJsonString());
    }

    private static double[] Host(Tensor values) => values.to(ScalarType.Float64).data<double>().ToArray();

    /// <summary>The nearest number of a dtype, by .NET's own conversions and, for bfloat16, which has none, by the grid.</summary>
    private static double Nearest(double value, ScalarType type) => type switch
    {
        ScalarType.Float64 => value,
        ScalarType.Float32 => (float)value,
        ScalarType.Float16 => (double)(Half)value,
        _ => Math.ScaleB(Math.Round(Math.ScaleB(value, 7 - Math.ILogB(value))), Math.ILogB(value) - 7),
    };

    /// <summary>Noise that was drawn before.</summary>
    private sealed class Given(Tensor noise) : INoiseSource
    {
        public Tensor Draw(long[] shape, Device device) => noise.reshape(shape);

        public void Dispose()
        {
        }
    }

    [Fact]
    public void Another_table_of_the_same_width_is_refused()
    {
        using var folder = new TemporaryFolder();
        using var table = randn(40, 16);
        using var other = table * 5;
        using (var transform = new StainedGlassTransform(table, new TransformConfig { Heads = 2 }))
        {
            transform.Save(folder.Path);
        }

        StainedGlassTransform.Load(folder.Path, table).Dispose();
        var exception = Assert.Throws<Jigsaw.Checkpoints.CheckpointException>(() => StainedGlassTransform.Load(folder.Path, other));
        Assert.Contains("median norm", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_token_to_be_noised_that_is_padding_is_refused()
    {
        using var table = randn(40, 16);
        using var transform = new StainedGlassTransform(table, new TransformConfig { Heads = 2 }).WithSecureNoise();
        using var memory = new ConversationMemory();
        using var batch = new TokenBatch([3, 4], [true, false], [false, false], [true, true], 1, 2, CPU);
        Assert.Contains("Token 1", Assert.Throws<ArgumentException>(() => transform.Apply(batch, memory)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Divergences_that_are_not_finite_give_no_bound() =>
        Assert.Throws<ArgumentException>(() => Jigsaw.Evaluation.Attacks.ReadingBound.LargestSuccess(double.NaN, 100));
}
