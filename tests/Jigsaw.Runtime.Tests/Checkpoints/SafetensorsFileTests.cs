using Jigsaw.Checkpoints;
using static TorchSharp.torch;

namespace Jigsaw.Runtime.Tests.Checkpoints;

public sealed class SafetensorsFileTests
{
    public static TheoryData<string, int, ulong?, string> Hostile { get; } = new()
    {
        { "{}", 0, 100, "claims a header of 100 bytes" },
        { "{}", 0, ulong.MaxValue, "claims a header of 18446744073709551615 bytes" },
        { "[]", 0, null, "does not begin with '{'" },
        { "{", 0, null, "not the JSON" },
        { "{}x", 0, null, "not the JSON" },
        { """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 7, null, "was cut short" },
        { """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 9, null, "has bytes that belong to no tensor" },
        { """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8, null, "overlaps" },
        { """{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}}""", 12, null, "leaves a hole" },
        { """{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8, null, "'a' twice" },
        { """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}""", 4, null, "is 8 bytes" },
        { """{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}""", 8, null, "bytes 8 to 0" },
        { """{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}}""", 0, null, "more elements than can be counted" },
        { """{"a":{"dtype":"F32","shape":[4611686018427387904,2],"data_offsets":[0,0]}}""", 0, null, "more elements than can be counted" },
        { """{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}""", 4, null, "not as the safetensors format has it" },
        { """{"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}}""", 4, null, "not as the safetensors format has it" },
        { """{"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}}""", 4, null, "lacks dtype, shape or both data_offsets" },
        { """{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}}""", 4, null, "not as the safetensors format has it" },
        { """{"a":{"dtype":"F33","shape":[1],"data_offsets":[0,4]}}""", 4, null, "of the type 'F33'" },
        { """{"a":{"dtype":"3","shape":[1],"data_offsets":[0,4]}}""", 4, null, "of the type '3'" },
        { """{"a":{"dtype":"F32","shape":[1],"data_offsets":[9223372036854775800,9223372036854775804]}}""", 4, null, "beyond the file's end" },
        { """{"a":{"dtype":"F32","shape":[[[[[[[[1]]]]]]]],"data_offsets":[0,4]}}""", 4, null, "header" },
        { """{"__metadata__":{"a":1}}""", 0, null, "'__metadata__' is not as" },
        { """{"__metadata__":{"a":"1","a":"2"}}""", 0, null, "'a' twice" },
        { """{"__metadata__":{},"__metadata__":{}}""", 0, null, "'__metadata__' twice" },
        { """{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"more":1}}""", 4, null, "'more'" },
        { """{"\ud800":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 4, null, "not the JSON" },
    };

    [Theory]
    [MemberData(nameof(Hostile))]
    public void A_hostile_header_is_a_clear_error(string header, int dataBytes, ulong? length, string problem)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder["x.safetensors"], SafetensorsBytes.Of(header, dataBytes, length));
        var exception = Assert.Throws<CheckpointException>(() => SafetensorsFile.Open(folder["x.safetensors"]));
        Assert.StartsWith(folder["x.safetensors"], exception.Message, StringComparison.Ordinal);
        Assert.Contains(problem, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_depth_bomb_and_a_short_file_are_clear_errors()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder["bomb"], SafetensorsBytes.Of("{\"a\":" + new string('[', 100_000)));
        Assert.Throws<CheckpointException>(() => SafetensorsFile.Open(folder["bomb"]));
        File.WriteAllBytes(folder["short"], [1, 2, 3]);
        Assert.Contains("3 bytes long", Assert.Throws<CheckpointException>(() => SafetensorsFile.Open(folder["short"])).Message, StringComparison.Ordinal);
        Assert.Contains("can't be read", Assert.Throws<CheckpointException>(() => SafetensorsFile.Open(folder["none"])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_shrinks_after_it_was_opened_is_a_clear_error()
    {
        using var folder = new TemporaryFolder();
        using var scope = NewDisposeScope();
        SafetensorsWriter.Write(folder["x"], [KeyValuePair.Create("a", zeros(1000))]);
        using var file = SafetensorsFile.Open(folder["x"]);
        using (var shrink = new FileStream(folder["x"], FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite))
        {
            shrink.SetLength(200);
        }

        Assert.Contains("ended within the tensor 'a'", Assert.Throws<CheckpointException>(() => file.Read("a")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_type_comes_back_as_it_was_written()
    {
        using var folder = new TemporaryFolder();
        using var scope = NewDisposeScope();
        ScalarType[] types = [ScalarType.Bool, ScalarType.Byte, ScalarType.Int8, ScalarType.Int16, ScalarType.Int32, ScalarType.Int64, ScalarType.Float16, ScalarType.BFloat16, ScalarType.Float32, ScalarType.Float64];
        var tensors = types.Select(type => KeyValuePair.Create(type.ToString(), arange(6).sub(2).to(type).reshape(2, 3))).ToList();
        tensors.Add(KeyValuePair.Create("scalar", tensor(2.5)));
        tensors.Add(KeyValuePair.Create("empty", zeros(0, 4)));
        tensors.Add(KeyValuePair.Create("transposed", arange(6).reshape(2, 3).t()));
        SafetensorsWriter.Write(folder["x"], tensors, new Dictionary<string, string> { ["kept"] = "é \"1\"" });
        using var file = SafetensorsFile.Open(folder["x"]);
        Assert.Equal("é \"1\"", file.Metadata["kept"]);
        Assert.Equal(tensors.Count, file.Entries.Count);
        foreach (var (name, tensor) in tensors)
        {
            using var read = file.Read(name);
            Assert.Equal(tensor.dtype, read.dtype);
            Assert.Equal(tensor.shape, read.shape);
            Assert.True(tensor.equal(read).all().item<bool>());
        }

        Assert.Equal(ScalarType.Float32, file.Read("Float64", dtype: ScalarType.Float32).dtype);
    }

    [Theory]
    [InlineData("llama-gqa/model.safetensors")]
    [InlineData("llama-bf16/model.safetensors")]
    [InlineData("llama-tied-rope3/model-00002-of-00003.safetensors")]
    [InlineData("lora/patterns/adapter_model.safetensors")]
    public void A_file_read_and_written_again_has_the_bytes_that_Hugging_Face_wrote(string name)
    {
        using var folder = new TemporaryFolder();
        using var scope = NewDisposeScope();
        var path = TestData.Path("models", name);
        using (var file = SafetensorsFile.Open(path))
        {
            SafetensorsWriter.Write(folder["x"], file.Entries.Keys.Select(key => KeyValuePair.Create(key, file.Read(key))), file.Metadata);
        }

        Assert.Equal(File.ReadAllBytes(path), File.ReadAllBytes(folder["x"]));
    }

    [Fact]
    public void A_write_that_fails_leaves_the_old_file_and_nothing_else()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["x"], "old");
        Assert.Throws<InvalidOperationException>(() => AtomicFile.Write(folder["x"], stream =>
        {
            stream.WriteByte(1);
            throw new InvalidOperationException("no");
        }));
        Assert.Equal("old", File.ReadAllText(folder["x"]));
        Assert.Single(Directory.GetFileSystemEntries(folder.Path));
    }

    [Fact]
    public void Names_that_safetensors_has_no_place_for_are_refused()
    {
        using var folder = new TemporaryFolder();
        using var scope = NewDisposeScope();
        Assert.Throws<ArgumentException>(() => SafetensorsWriter.Write(folder["x"], [KeyValuePair.Create("__metadata__", zeros(1))]));
        Assert.Throws<ArgumentException>(() => SafetensorsWriter.Write(folder["x"], [KeyValuePair.Create("a", zeros(1)), KeyValuePair.Create("a", zeros(1))]));
        Assert.Throws<ArgumentException>(() => SafetensorsWriter.Write(folder["x"], [KeyValuePair.Create("a", zeros(1, dtype: ScalarType.ComplexFloat64))]));
        Assert.Empty(Directory.GetFileSystemEntries(folder.Path));
    }
}
