using System.Diagnostics.CodeAnalysis;
using Jigsaw.Checkpoints;
using Microsoft.Win32.SafeHandles;

namespace Jigsaw.Client.Embeddings;

/// <summary>
/// Rows of the tensors of a safetensors file, read when they are asked for. By position, not mapped into memory: the operating system keeps the same pages either way, and a file that is cut
/// while it is open is then an error, not the end of the process.
/// </summary>
internal sealed class TensorReader : IDisposable
{
    private readonly SafeFileHandle _handle;
    private readonly SafetensorsHeader _header;

    private TensorReader(string path, SafeFileHandle handle, SafetensorsHeader header) => (Path, _handle, _header) = (path, handle, header);

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>The tensors by name.</summary>
    public IReadOnlyDictionary<string, SafetensorsEntry> Entries => _header.Entries;

    /// <summary>Opens a file and checks its header.</summary>
    /// <exception cref="CheckpointException">There is no such file, or it is not a whole safetensors file.</exception>
    [SuppressMessage("Reliability", "CA2000", Justification = "The reader owns the stream's handle.")]
    public static TensorReader Open(string path)
    {
        FileStream? stream = null;
        try
        {
            stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
            return new TensorReader(path, stream.SafeFileHandle, SafetensorsHeader.Read(path, stream));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            stream?.Dispose();
            throw new CheckpointException(path, $"can't be read ({exception.Message})", exception);
        }
        catch (CheckpointException)
        {
            stream?.Dispose();
            throw;
        }
    }

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
    public void ReadBytes(SafetensorsEntry entry, long first, Span<byte> bytes)
    {
        for (var offset = entry.Offset + first; bytes.Length > 0;)
        {
            var count = RandomAccess.Read(_handle, bytes, offset);
            if (count == 0)
            {
                throw new CheckpointException(Path, $"ended within the tensor '{entry.Name}': it was cut short while it was open; fetch it again.");
            }

            bytes = bytes[count..];
            offset += count;
        }
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => _handle.Dispose();
}
