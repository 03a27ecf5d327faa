using static TorchSharp.torch;

namespace Jigsaw.Checkpoints;

/// <summary>A safetensors file, open for reading: each tensor is read by its offset straight into the memory that torch gave for it.</summary>
internal sealed class SafetensorsFile : IDisposable
{
    private const int ChunkBytes = 64 << 20;

    private readonly SafetensorsReader _reader;

    private SafetensorsFile(SafetensorsReader reader) => _reader = reader;

    /// <summary>The file.</summary>
    public string Path => _reader.Path;

    /// <summary>The tensors by name.</summary>
    public IReadOnlyDictionary<string, SafetensorsEntry> Entries => _reader.Entries;

    /// <summary>What stands under <c>__metadata__</c>.</summary>
    public IReadOnlyDictionary<string, string> Metadata => _reader.Metadata;

    /// <summary>Opens a file and checks its header; no tensor is read yet.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="CheckpointException">There is no such file, or it is not a whole safetensors file.</exception>
    public static SafetensorsFile Open(string path) => new(SafetensorsReader.Open(path));

    /// <summary>Reads one tensor. It is in no dispose scope: the caller owns it.</summary>
    /// <param name="name">The tensor's name.</param>
    /// <param name="device">Where it goes; the CPU when null.</param>
    /// <param name="dtype">The type that it is cast to; as stored when null.</param>
    /// <exception cref="CheckpointException">There is no such tensor, its type has no counterpart in torch, or the file ended early.</exception>
    public Tensor Read(string name, Device? device = null, ScalarType? dtype = null)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (!Entries.TryGetValue(name, out var entry))
        {
            throw new CheckpointException(Path, $"has no tensor '{name}'; it has {Entries.Count} others. Is it the checkpoint of another model?");
        }

        using var scope = NewDisposeScope();
        var stored = empty([.. entry.Shape], dtype: TorchType(entry), device: CPU);
        if (entry.ByteCount > 0)
        {
            ReadBytes(entry, stored);
        }

        return stored.to(dtype ?? stored.dtype, device ?? CPU).DetachFromDisposeScope();
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => _reader.Dispose();

    private void ReadBytes(SafetensorsEntry entry, Tensor target)
    {
        var elementBytes = SafetensorsHeader.SizeOf(entry.Type);
        using var flat = target.reshape(-1);
        for (long start = 0; start < entry.ElementCount; start += ChunkBytes / elementBytes)
        {
            using var chunk = flat.narrow(0, start, Math.Min(ChunkBytes / elementBytes, entry.ElementCount - start));
            _reader.ReadBytes(entry, start * elementBytes, chunk.bytes);
        }
    }

    private ScalarType TorchType(SafetensorsEntry entry) => entry.Type switch
    {
        SafetensorsType.BOOL => ScalarType.Bool,
        SafetensorsType.U8 => ScalarType.Byte,
        SafetensorsType.I8 => ScalarType.Int8,
        SafetensorsType.I16 => ScalarType.Int16,
        SafetensorsType.I32 => ScalarType.Int32,
        SafetensorsType.I64 => ScalarType.Int64,
        SafetensorsType.F16 => ScalarType.Float16,
        SafetensorsType.BF16 => ScalarType.BFloat16,
        SafetensorsType.F32 => ScalarType.Float32,
        SafetensorsType.F64 => ScalarType.Float64,
        _ => throw new CheckpointException(Path, $"has the tensor '{entry.Name}' as {entry.Type}, which Jigsaw doesn't read; convert it to BF16, F16 or F32."),
    };
}
