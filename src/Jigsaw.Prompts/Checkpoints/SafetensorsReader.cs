using System.Diagnostics.CodeAnalysis;
using Microsoft.Win32.SafeHandles;

namespace Jigsaw.Checkpoints;

/// <summary>
/// A safetensors file, open for reading: the bytes of a tensor are read by their offset. By position, not mapped into memory: the operating system keeps the same pages either way, and a file that is cut
/// while it is open is then an error, not the end of the process.
/// </summary>
internal sealed class SafetensorsReader : IDisposable
{
    private readonly SafeFileHandle _handle;
    private readonly SafetensorsHeader _header;

    private SafetensorsReader(string path, SafeFileHandle handle, SafetensorsHeader header) => (Path, _handle, _header) = (path, handle, header);

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>The tensors by name.</summary>
    public IReadOnlyDictionary<string, SafetensorsEntry> Entries => _header.Entries;

    /// <summary>What stands under <c>__metadata__</c>.</summary>
    public IReadOnlyDictionary<string, string> Metadata => _header.Metadata;

    /// <summary>Opens a file and checks its header; no tensor is read yet.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="CheckpointException">There is no such file, or it is not a whole safetensors file.</exception>
    [SuppressMessage("Reliability", "CA2000", Justification = "The stream owns the handle only until the header is read; then the reader does.")]
    public static SafetensorsReader Open(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        FileStream? stream = null;
        try
        {
            stream = RegularFile.OpenRead(path, bufferSize: 0);
            return new SafetensorsReader(path, stream.SafeFileHandle, SafetensorsHeader.Read(path, stream));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            stream?.Dispose();
            throw new CheckpointException(path, RegularFile.Problem(exception), exception);
        }
        catch (CheckpointException)
        {
            stream?.Dispose();
            throw;
        }
    }

    /// <summary>Reads some of a tensor's bytes.</summary>
    /// <param name="entry">The tensor.</param>
    /// <param name="first">The first byte, counted from the tensor's.</param>
    /// <param name="bytes">Where they go; its length says how many.</param>
    /// <exception cref="CheckpointException">The file ended early.</exception>
    public void ReadBytes(SafetensorsEntry entry, long first, Span<byte> bytes)
    {
        for (var offset = entry.Offset + first; bytes.Length > 0;)
        {
            var count = RandomAccess.Read(_handle, bytes, offset);
            if (count == 0)
            {
                throw new CheckpointException(Path, $"ended within the tensor '{entry.Name}': it was cut short while it was read; fetch it again.");
            }

            bytes = bytes[count..];
            offset += count;
        }
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => _handle.Dispose();
}
