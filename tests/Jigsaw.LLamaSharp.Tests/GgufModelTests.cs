using Jigsaw.Batches;
using Jigsaw.Checkpoints;
using Jigsaw.Gguf;
using Jigsaw.Models;
using Jigsaw.Models.Decoder;
using Jigsaw.Models.Lora;
using Jigsaw.Runtime.Tests;
using static TorchSharp.torch;

namespace Jigsaw.LLamaSharp.Tests;

public sealed class GgufModelTests
{
    private static readonly int[] _ids = [.. Enumerable.Range(0, 40).Select(i => (i * 37 + 11) % 90)];

    [LLamaTheory]
    [InlineData("llama-gqa")]
    [InlineData("llama-bf16")]
    [InlineData("llama-linear-rope")]
    [InlineData("llama-old-config")]
    [InlineData("llama-tied-rope3")]
    [InlineData("llama-yarn")]
    [InlineData("qwen2")]
    [InlineData("qwen3")]
    [InlineData("support-lm")]
    public void llama_cpp_computes_the_runtimes_logits(string name) => Assert.InRange(Difference(name, GgufType.Float32), 0, 2e-5);

    [LLamaFact]
    public void Within_its_window_a_Mistral_is_computed_the_same()
    {
        using var model = Load("mistral");
        var window = model.Config.Windows.Min()!.Value;
        Assert.InRange(window, 2, _ids.Length - 1);
        Assert.InRange(Difference("mistral", GgufType.Float32, _ids[..window]), 0, 2e-5);
    }

    [LLamaTheory]
    [InlineData(GgufType.Float16, 2e-3)]
    [InlineData(GgufType.BFloat16, 2e-2)]
    [InlineData(GgufType.Q8, 5e-2)]
    public void Smaller_types_change_logits_little(GgufType type, double most) => Assert.InRange(Difference("support-lm", type), 1e-7, most);

    // The rank-stabilized scale turns hidden states of 36 into 345, and their rounding grows as much.
    [LLamaTheory]
    [InlineData("all-linear-rslora")]
    [InlineData("qv-r4")]
    [InlineData("patterns")]
    public void llama_cpp_applies_adapters_as_the_runtime_does(string name)
    {
        using var folder = new TemporaryFolder();
        using var model = Load("llama-gqa");
        using var adapters = LoraAdapters.Load(Data("lora", name), model);
        GgufExport.WriteModel(folder["base.gguf"], model, GgufType.Float32);
        GgufExport.WriteAdapters(folder["adapter.gguf"], model, adapters, GgufType.Float32);
        GgufExport.WriteModel(folder["merged.gguf"], model, GgufType.Float32, adapters);
        using var onBase = new LLamaRun(folder["base.gguf"], folder["adapter.gguf"]);
        using var merged = new LLamaRun(folder["merged.gguf"]);
        var expected = Logits(model, _ids, adapters);

        Assert.InRange(Difference(expected, onBase.Logits(_ids)), 0, 6e-5);
        Assert.InRange(Difference(expected, merged.Logits(_ids)), 0, 6e-5);
        Assert.True(Difference(expected, Logits(model, _ids)) > 1e-3, "The adapters change nothing.");
    }

    [Fact]
    public void A_scaling_that_llama_cpp_does_not_have_is_refused()
    {
        using var folder = new TemporaryFolder();
        var qwen = Copy("qwen2", folder["qwen2"], config => config.Replace("\"rope_type\": \"default\"", "\"rope_type\": \"llama3\", \"factor\": 8.0, \"low_freq_factor\": 1.0, \"high_freq_factor\": 4.0, \"original_max_position_embeddings\": 64", StringComparison.Ordinal));
        using var model = CausalLM.Load(qwen, CPU, ScalarType.Float32);
        var refused = Assert.Throws<NotSupportedException>(() => GgufExport.WriteModel(folder["out.gguf"], model, GgufType.Float32));
        Assert.Contains("llama3", refused.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(folder["out.gguf"]));
    }

    [Theory]
    [InlineData(GgufType.Float16)]
    [InlineData(GgufType.Q8)]
    public void A_number_that_the_type_does_not_hold_is_named_and_nothing_is_left_behind(GgufType type)
    {
        using var folder = new TemporaryFolder();
        using var model = Load("support-lm");
        using (no_grad())
        {
            model.LinearWeights.First()[0, 0] = 1e30f;
        }

        var refused = Assert.Throws<CheckpointException>(() => GgufExport.WriteModel(folder["out.gguf"], model, type));
        Assert.Contains("blk.0.attn_q.weight", refused.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(folder.Path));
    }

    [Fact]
    public void Adapters_that_are_merged_already_are_not_added_again()
    {
        using var folder = new TemporaryFolder();
        using var model = Load("llama-gqa");
        using var adapters = LoraAdapters.Load(Data("lora", "qv-r4"), model);
        model.Merge(adapters);
        Assert.Throws<InvalidOperationException>(() => GgufExport.WriteModel(folder["out.gguf"], model, GgufType.Float32, adapters));
    }

    [Fact]
    public void A_block_has_the_largest_number_at_127_and_rounds_halves_away_from_zero()
    {
        var numbers = Enumerable.Range(0, GgufBlocks.Size).Select(i => i == 0 ? -127f : (i - 16) / 2f).ToArray();
        var bytes = new byte[GgufBlocks.Bytes];

        Assert.True(GgufBlocks.Quantize(numbers, bytes));
        Assert.Equal((Half)1, BitConverter.ToHalf(bytes));
        Assert.Equal(numbers.Select(number => (sbyte)Math.Round(number, MidpointRounding.AwayFromZero)), bytes[2..].Select(value => (sbyte)value));
        Assert.True(GgufBlocks.Quantize(new float[GgufBlocks.Size], bytes));
        Assert.All(bytes, value => Assert.Equal(0, value));
    }

    internal static CausalLM Load(string name) => CausalLM.Load(Data(name), CPU, ScalarType.Float32);

    internal static string Data(params string[] names) => Path.Combine([AppContext.BaseDirectory, "Data", "models", .. names]);

    /// <summary>A checkpoint with another config.json.</summary>
    private static string Copy(string name, string directory, Func<string, string> edit)
    {
        Directory.CreateDirectory(directory);
        foreach (var file in Directory.EnumerateFiles(Data(name)))
        {
            File.Copy(file, Path.Combine(directory, Path.GetFileName(file)));
        }

        var config = Path.Combine(directory, "config.json");
        var (before, after) = (File.ReadAllText(config), edit(File.ReadAllText(config)));
        Assert.NotEqual(before, after);
        File.WriteAllText(config, after);
        return directory;
    }

    private static double Difference(string name, GgufType type, int[]? ids = null)
    {
        using var folder = new TemporaryFolder();
        using var model = Load(name);
        GgufExport.WriteModel(folder["model.gguf"], model, type);
        using var run = new LLamaRun(folder["model.gguf"]);
        return Difference(Logits(model, ids ?? _ids), run.Logits(ids ?? _ids));
    }

    private static float[] Logits(CausalLM model, int[] ids, IAdapters? adapters = null)
    {
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        using var mask = RowMask.FromTensor(ones(1, ids.Length, dtype: ScalarType.Bool));
        var embedded = model.Embed(tensor(ids.Select(id => (long)id).ToArray()).unsqueeze(0));
        return model.Head.Logits(model.Run(embedded, mask, adapters).Last!.squeeze(0)).data<float>().ToArray();
    }

    /// <summary>The largest difference, in units of the largest logit.</summary>
    private static double Difference(float[] expected, float[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        return expected.Zip(actual, (one, other) => Math.Abs(one - other)).Max() / expected.Max(Math.Abs);
    }
}
