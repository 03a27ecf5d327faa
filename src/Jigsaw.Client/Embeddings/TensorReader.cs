using Jigsaw.Checkpoints;

namespace Jigsaw.Client.Embeddings;

/// <summary>The floating numbers of a safetensors file's tensors, read when they are asked for.</summary>
internal sealed class TensorReader : IDisposable
{
    private readonly SafetensorsReader _file;

    private TensorReader(SafetensorsReader file) => _file = file;

    /// <summary>The file.</summary>
    public string Path => _file.Path;

    /// <summary>The tensors by name.</summary>
    public IReadOnlyDictionary<string, SafetensorsEntry> Entries => _file.Entries;

    /// <summary>Opens a file and checks its header.</summary>
    /// <exception cref="CheckpointException">There is no such file, or it is not a whole safetensors file.</exception>
    public static TensorReader Open(string path) => new(SafetensorsReader.Open(path));

    /// <summary>The entry of a tensor of floating numbers.</summary>
    /// <exception cref="CheckpointException">There is none.</exception>
    public SafetensorsEntry Require(string name)
    {
        if (!Entries.TryGetValue(name, out var entry))
        {
            throw new CheckpointException(Path, $"has no tensor '{name}'; is it the checkpoint of another model?");
        }

        return EmbeddingNumbers.IsFloating(entry.Type)
            ? entry
            : throw new CheckpointException(Path, $"has the tensor '{name}' as {entry.Type}; convert it to BF16, F16, F32 or F64.");
    }

    /// <summary>Reads some of a tensor's numbers, in row-major order.</summary>
    /// <param name="entry">The tensor.</param>
    /// <param name="first">The first number.</param>
    /// <param name="numbers">Where they go; its length says how many.</param>
    /// <param name="buffer">Scratch bytes; grows as needed.</param>
    /// <exception cref="CheckpointException">The file ended early.</exception>
    public void Read(SafetensorsEntry entry, long first, Span<float> numbers, ref byte[] buffer)
    {
        var size = SafetensorsHeader.SizeOf(entry.Type);
        if (buffer.Length < numbers.Length * size)
        {
            buffer = new byte[numbers.Length * size];
        }

        var bytes = buffer.AsSpan(0, numbers.Length * size);
        ReadBytes(entry, first * size, bytes);
        EmbeddingNumbers.Read(bytes, entry.Type, numbers);
    }

    /// <summary>Reads some of a tensor's bytes.</summary>
    public void ReadBytes(SafetensorsEntry entry, long first, Span<byte> bytes) => _file.ReadBytes(entry, first, bytes);

    /// <summary>Closes the file.</summary>
    public void Dispose() => _file.Dispose();
}
