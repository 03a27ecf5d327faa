using Jigsaw.Client.Embeddings;
using Jigsaw.Client.Transports;

namespace Jigsaw.Client.Tests.Transports;

public sealed class TorchTensorFileTests
{
    private static string Folder => Path.Combine(AppContext.BaseDirectory, "Data", "torch_save");

    [Theory]
    [InlineData("bfloat16", "torch.BFloat16Storage")]
    [InlineData("bfloat16_wide", "torch.BFloat16Storage")]
    [InlineData("float16", "torch.HalfStorage")]
    [InlineData("float32", "torch.FloatStorage")]
    [InlineData("transposed_view", "torch.FloatStorage")]
    public void The_reader_of_these_tests_reads_what_torch_wrote(string name, string storage)
    {
        var tensor = TorchTensorReader.Read(File.ReadAllBytes(Path.Combine(Folder, $"{name}.pt")));
        using var values = TensorReader.Open(Path.Combine(Folder, "values.safetensors"));
        var entry = values.Entries[name];
        Assert.Equal(storage, tensor.Storage);
        Assert.Equal(entry.Shape, tensor.Shape);
        var bytes = new byte[entry.ByteCount];
        values.ReadBytes(entry, 0, bytes);
        if (name == "transposed_view")
        {
            Assert.NotEqual(1, tensor.Strides[^1]);
        }
        else
        {
            Assert.Equal(bytes, tensor.Bytes);
        }
    }

    [Theory]
    [InlineData("dictionary")]
    [InlineData("sparse")]
    public void The_reader_of_these_tests_refuses_what_a_server_does(string name) =>
        Assert.Throws<InvalidDataException>(() => TorchTensorReader.Read(File.ReadAllBytes(Path.Combine(Folder, $"{name}.pt"))));

    [Theory]
    [InlineData(1, 128, EmbeddingType.BFloat16)]
    [InlineData(17, 576, EmbeddingType.Float16)]
    [InlineData(300, 16, EmbeddingType.Float32)]
    [InlineData(70_000, 8, EmbeddingType.BFloat16)]
    [InlineData(2, 70_000, EmbeddingType.Float16)]
    public void What_is_written_is_one_tensor_of_these_bytes(int tokens, int features, EmbeddingType type)
    {
        var bytes = new byte[tokens * features * EmbeddingNumbers.SizeOf(type)];
        new Random(tokens).NextBytes(bytes);

        var file = TorchTensorFile.Write(new TransformedPrompt(bytes, tokens, features, type, tokens, ""));

        var tensor = TorchTensorReader.Read(file);
        Assert.Equal([tokens, features], tensor.Shape);
        Assert.Equal([features, 1], tensor.Strides);
        Assert.Equal(bytes, tensor.Bytes);
        Assert.Equal(type switch { EmbeddingType.BFloat16 => "torch.BFloat16Storage", EmbeddingType.Float16 => "torch.HalfStorage", _ => "torch.FloatStorage" }, tensor.Storage);
        Assert.InRange(file.Length, bytes.Length, bytes.Length + 1024);
        Assert.Equal(file, TorchTensorFile.Write(new TransformedPrompt(bytes, tokens, features, type, tokens, "")));
    }

    [Fact]
    public void The_pickle_is_the_smallest_that_torch_read()
    {
        var file = TorchTensorFile.Write(new TransformedPrompt(new byte[17 * 4096 * 2], 17, 4096, EmbeddingType.BFloat16, 17, ""));
        using var archive = new System.IO.Compression.ZipArchive(new MemoryStream(file));
        using var stream = archive.GetEntry("archive/data.pkl")!.Open();
        using var pickle = new MemoryStream();
        stream.CopyTo(pickle);

        // torch 2.13 read these bytes with weights_only=True.
        Assert.Equal(
            "800263746f7263682e5f7574696c730a5f72656275696c645f74656e736f725f76320a2828580700000073746f7261676563746f7263680a42466c6f6174313653746f726167650a58010000003058030000006370754a0010010074514b004b114d0010864d00104b01868963636f6c6c656374696f6e730a4f726465726564446963740a295274522e",
            Convert.ToHexStringLower(pickle.ToArray()));
    }
}
