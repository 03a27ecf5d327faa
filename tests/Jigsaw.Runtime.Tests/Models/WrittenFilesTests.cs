using Jigsaw.Batches;
using Jigsaw.Checkpoints;
using Jigsaw.Models;
using Jigsaw.Models.Lora;
using static TorchSharp.torch;

namespace Jigsaw.Runtime.Tests.Models;

/// <summary>
/// tests/interop/written holds what Jigsaw wrote for the checkpoint llama-gqa, for a check by peft and transformers themselves. These tests
/// write all of it again and find the same bytes. After a change of the format, run them with JIGSAW_INTEROP_FOLDER set to that folder, and
/// again without.
/// </summary>
public sealed class WrittenFilesTests
{
    private const string Base = "llama-gqa";
    private const string FolderVariable = "JIGSAW_INTEROP_FOLDER";

    [Fact]
    public void The_files_of_the_interop_folder_are_written_again_byte_for_byte()
    {
        using var folder = new TemporaryFolder();
        WriteAll(folder.Path);
        if (Environment.GetEnvironmentVariable(FolderVariable) is { Length: > 0 } target)
        {
            Copy(folder.Path, target);
        }

        var names = Names(folder.Path);
        var written = TestData.Path("interop", "written");
        Assert.Equal(names, Names(written));
        foreach (var name in names)
        {
            // Logits depend on the processor in their last bits; they are compared as numbers.
            if (name.EndsWith("jigsaw.safetensors", StringComparison.Ordinal))
            {
                AssertSameNumbers(Path.Combine(written, name), Path.Combine(folder.Path, name));
            }
            else
            {
                Assert.True(File.ReadAllBytes(Path.Combine(written, name)).AsSpan().SequenceEqual(File.ReadAllBytes(Path.Combine(folder.Path, name))), $"{name} differs.");
            }
        }
    }

    [Fact]
    public void Written_checkpoints_and_adapters_load_to_the_logits_beside_them()
    {
        using var scope = NewDisposeScope();
        using var bare = CausalLM.Load(Oracle.Directory(Base), CPU, ScalarType.Float32);
        foreach (var directory in Directory.GetDirectories(TestData.Path("interop", "written")))
        {
            using var expected = SafetensorsFile.Open(Path.Combine(directory, "jigsaw.safetensors"));
            var isAdapter = File.Exists(Path.Combine(directory, "adapter_config.json"));
            using var model = isAdapter ? null : CausalLM.Load(directory, CPU, ScalarType.Float32);
            using var adapters = isAdapter ? LoraAdapters.Load(directory, bare) : null;
            Oracle.AssertClose(Logits(model ?? bare, adapters, expected.Read("ids")), expected.Read("logits"), Oracle.LogitTolerance);
        }
    }

    private static void WriteAll(string root)
    {
        using var scope = NewDisposeScope();
        using var model = CausalLM.Load(Oracle.Directory(Base), CPU, ScalarType.Float32);
        using var plain = Trained(model, new LoraConfig { Rank = 4, Alpha = 8, TargetModules = ["q_proj", "v_proj"], BaseModel = Base });
        using var patterned = Trained(model, new LoraConfig
        {
            Rank = 4,
            Alpha = 8,
            RankStabilized = true,
            BaseModel = Base,
            TargetPattern = @".*\.(q_proj|o_proj|down_proj)",
            RankPattern = new Dictionary<string, int> { ["down_proj"] = 2, [@"layers\.1\.self_attn\.q_proj"] = 3 },
            AlphaPattern = new Dictionary<string, double> { ["o_proj"] = 6 },
        });
        Write(root, "base", model, null, directory => model.Export(directory));
        Write(root, "adapter-plain", model, plain, plain.Save);
        Write(root, "adapter-rslora-patterns", model, patterned, patterned.Save);
        Write(root, "merged-single", model, plain, directory => model.Export(directory, plain));
        Write(root, "merged-sharded", model, patterned, directory => model.Export(directory, patterned, shardBytes: 300_000));
    }

    /// <summary>Adapters whose B is not zero, from a formula that gives the same bits everywhere.</summary>
    private static LoraAdapters Trained(CausalLM model, LoraConfig config)
    {
        var adapters = LoraAdapters.Create(model, config, seed: 1);
        using var grad = no_grad();
        foreach (var (name, value) in adapters.NamedParameters)
        {
            var salt = name.Length * 31L;
            var numbers = Enumerable.Range(0, (int)value.numel()).Select(i => ((((i + salt) * 7919) % 257) - 128) / 1024f).ToArray();
            using var filled = tensor(numbers).reshape(value.shape);
            value.copy_(filled);
        }

        return adapters;
    }

    private static void Write(string root, string name, CausalLM model, LoraAdapters? adapters, Action<string> write)
    {
        var directory = Path.Combine(root, name);
        write(directory);
        var ids = arange(2 * 9, dtype: ScalarType.Int64).mul(17).remainder(300).add(3).reshape(2, 9);
        SafetensorsWriter.Write(Path.Combine(directory, "jigsaw.safetensors"), [KeyValuePair.Create("ids", ids), KeyValuePair.Create("logits", Logits(model, adapters, ids))]);
    }

    private static Tensor Logits(CausalLM model, LoraAdapters? adapters, Tensor ids)
    {
        using var grad = no_grad();
        var mask = RowMask.FromTensor(ones(ids.shape, dtype: ScalarType.Bool));
        return model.Head.Logits(model.Run(model.Embed(ids), mask, adapters).Last!);
    }

    private static void AssertSameNumbers(string expected, string actual)
    {
        using var scope = NewDisposeScope();
        using var first = SafetensorsFile.Open(expected);
        using var second = SafetensorsFile.Open(actual);
        Assert.Equal(first.Read("ids").data<long>().ToArray(), second.Read("ids").data<long>().ToArray());
        Oracle.AssertClose(second.Read("logits"), first.Read("logits"), Oracle.LogitTolerance);
    }

    private static string[] Names(string root) =>
        [.. Directory.GetFiles(root, "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(root, file).Replace('\\', '/')).Order(StringComparer.Ordinal)];

    private static void Copy(string from, string to)
    {
        foreach (var name in Names(from))
        {
            var target = Path.Combine(to, name);
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(Path.Combine(from, name), target, overwrite: true);
        }
    }
}
