using System.Buffers.Binary;
using System.Text;
using System.Text.Json;

namespace Jigsaw.Checkpoints;

/// <summary>
/// The header of a safetensors file, read strictly: the tensors must fill the file without hole or overlap, every count is checked for
/// overflow, and no more memory is taken than the header is long. Reading it needs no libtorch.
/// </summary>
/// <remarks>Format: https://huggingface.co/docs/safetensors. Its limit of 100 MB on the header is kept.</remarks>
internal sealed class SafetensorsHeader
{
    private const long MaximumLength = 100_000_000;
    private const int MaximumRank = 64;

    private SafetensorsHeader(IReadOnlyDictionary<string, SafetensorsEntry> entries, IReadOnlyDictionary<string, string> metadata)
    {
        Entries = entries;
        Metadata = metadata;
    }

    /// <summary>The tensors by name.</summary>
    public IReadOnlyDictionary<string, SafetensorsEntry> Entries { get; }

    /// <summary>What stands under <c>__metadata__</c>; empty when nothing does.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Reads and checks the header of a file.</summary>
    /// <param name="path">The file, for messages.</param>
    /// <param name="stream">The file, at its start; seekable.</param>
    /// <exception cref="CheckpointException">The header is malformed, or doesn't fit the file.</exception>
    public static SafetensorsHeader Read(string path, Stream stream)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(stream);
        var fileLength = stream.Length;
        Span<byte> prefix = stackalloc byte[8];
        if (fileLength < prefix.Length)
        {
            throw new CheckpointException(path, $"is {fileLength} bytes long, shorter than the 8 bytes that begin every safetensors file; fetch it again.");
        }

        stream.ReadExactly(prefix);
        var length = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
        if (length > MaximumLength || (long)length > fileLength - prefix.Length)
        {
            throw new CheckpointException(path, $"claims a header of {length} bytes, but the file has {fileLength} bytes and a header at most {MaximumLength}; it is not a safetensors file, or was cut short: fetch it again.");
        }

        var json = new byte[(int)length];
        stream.ReadExactly(json);
        return Parse(path, json, fileLength);
    }

    /// <summary>Bytes of one element.</summary>
    public static int SizeOf(SafetensorsType type) => type switch
    {
        SafetensorsType.BOOL or SafetensorsType.U8 or SafetensorsType.I8 or SafetensorsType.F8_E4M3 or SafetensorsType.F8_E5M2 => 1,
        SafetensorsType.I16 or SafetensorsType.U16 or SafetensorsType.F16 or SafetensorsType.BF16 => 2,
        SafetensorsType.I32 or SafetensorsType.U32 or SafetensorsType.F32 => 4,
        _ => 8,
    };

    private static SafetensorsHeader Parse(string path, byte[] json, long fileLength)
    {
        var dataStart = 8L + json.Length;
        try
        {
            var entries = new Dictionary<string, SafetensorsEntry>(StringComparer.Ordinal);
            var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
            if (json.Length == 0 || json[0] != (byte)'{')
            {
                throw new CheckpointException(path, "has a header that does not begin with '{'; it is not a safetensors file.");
            }

            var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = 4 });
            reader.Read();
            var hasMetadata = false;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var name = reader.GetString()!;
                reader.Read();
                if (name == "__metadata__")
                {
                    if (hasMetadata)
                    {
                        throw new CheckpointException(path, "has '__metadata__' twice in its header; the file is damaged.");
                    }

                    hasMetadata = true;
                    ReadMetadata(path, ref reader, metadata);
                }
                else
                {
                    var entry = ReadEntry(path, name, ref reader, dataStart);
                    if (!entries.TryAdd(name, entry))
                    {
                        throw new CheckpointException(path, $"has the tensor '{name}' twice in its header; the file is damaged.");
                    }
                }
            }

            if (reader.Read())
            {
                throw new CheckpointException(path, "has something after the end of its header's JSON; the file is damaged.");
            }

            CheckLayout(path, entries.Values, dataStart, fileLength);
            return new SafetensorsHeader(entries, metadata);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or FormatException or DecoderFallbackException)
        {
            throw new CheckpointException(path, $"has a header that is not the JSON of a safetensors file ({exception.Message}); fetch it again.", exception);
        }
    }

    private static void ReadMetadata(string path, ref Utf8JsonReader reader, Dictionary<string, string> metadata)
    {
        if (reader.TokenType == JsonTokenType.Null)
        {
            return;
        }

        Require(path, "__metadata__", reader.TokenType == JsonTokenType.StartObject);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var key = reader.GetString()!;
            reader.Read();
            Require(path, "__metadata__", reader.TokenType == JsonTokenType.String);
            if (!metadata.TryAdd(key, reader.GetString()!))
            {
                throw new CheckpointException(path, $"has the key '{key}' twice in its metadata; the file is damaged.");
            }
        }
    }

    private static SafetensorsEntry ReadEntry(string path, string name, ref Utf8JsonReader reader, long dataStart)
    {
        Require(path, name, reader.TokenType == JsonTokenType.StartObject);
        SafetensorsType? type = null;
        List<long>? shape = null;
        List<long>? offsets = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (type is null && reader.ValueTextEquals("dtype"u8))
            {
                reader.Read();
                Require(path, name, reader.TokenType == JsonTokenType.String);
                type = ReadType(path, name, reader.GetString()!);
            }
            else if (shape is null && reader.ValueTextEquals("shape"u8))
            {
                shape = ReadNumbers(path, name, ref reader, MaximumRank);
            }
            else if (offsets is null && reader.ValueTextEquals("data_offsets"u8))
            {
                offsets = ReadNumbers(path, name, ref reader, 2);
            }
            else
            {
                throw new CheckpointException(path, $"has the field '{reader.GetString()}' twice or unasked in the header of the tensor '{name}'; the file is damaged.");
            }
        }

        if (type is not { } known || shape is null || offsets is not [var begin, var end])
        {
            throw new CheckpointException(path, $"lacks dtype, shape or both data_offsets of the tensor '{name}'; the file is damaged.");
        }

        var count = ByteCount(path, name, known, shape);
        if (end < begin || end - begin != count)
        {
            throw new CheckpointException(path, $"gives the tensor '{name}' the bytes {begin} to {end}, but {known} of shape ({string.Join(", ", shape)}) is {count} bytes; the file is damaged.");
        }

        if (begin > long.MaxValue - dataStart - count)
        {
            throw new CheckpointException(path, $"puts the tensor '{name}' at byte {begin}, beyond the file's end; the file is damaged.");
        }

        return new SafetensorsEntry(name, known, shape, dataStart + begin, count);
    }

    private static SafetensorsType ReadType(string path, string name, string text) =>
        Enum.TryParse<SafetensorsType>(text, ignoreCase: false, out var type) && Enum.IsDefined(type) && type.ToString() == text
            ? type
            : throw new CheckpointException(path, $"has the tensor '{name}' of the type '{text}', which is not one of {string.Join(", ", Enum.GetNames<SafetensorsType>())}; convert the checkpoint to one of these.");

    private static List<long> ReadNumbers(string path, string name, ref Utf8JsonReader reader, int atMost)
    {
        reader.Read();
        Require(path, name, reader.TokenType == JsonTokenType.StartArray);
        var numbers = new List<long>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            Require(path, name, reader.TokenType == JsonTokenType.Number && numbers.Count < atMost && reader.TryGetInt64(out _));
            var number = reader.GetInt64();
            Require(path, name, number >= 0);
            numbers.Add(number);
        }

        return numbers;
    }

    private static long ByteCount(string path, string name, SafetensorsType type, List<long> shape)
    {
        try
        {
            long count = SizeOf(type);
            foreach (var size in shape)
            {
                count = checked(count * size);
            }

            return count;
        }
        catch (OverflowException exception)
        {
            throw new CheckpointException(path, $"gives the tensor '{name}' the shape ({string.Join(", ", shape)}), more elements than can be counted; the file is damaged.", exception);
        }
    }

    private static void CheckLayout(string path, IEnumerable<SafetensorsEntry> entries, long dataStart, long fileLength)
    {
        var end = dataStart;
        foreach (var entry in entries.OrderBy(entry => entry.Offset).ThenBy(entry => entry.ByteCount))
        {
            if (entry.Offset != end)
            {
                var what = entry.Offset < end ? "overlaps the tensor before it" : "leaves a hole before it";
                throw new CheckpointException(path, $"has the tensor '{entry.Name}' at a place that {what}; the file is damaged.");
            }

            end = entry.Offset + entry.ByteCount;
        }

        if (end != fileLength)
        {
            var what = end > fileLength ? "was cut short" : "has bytes that belong to no tensor";
            throw new CheckpointException(path, $"is {fileLength} bytes long where its header asks for {end}: it {what}; fetch it again.");
        }
    }

    private static void Require(string path, string name, bool condition)
    {
        if (!condition)
        {
            throw new CheckpointException(path, $"has a header in which '{name}' is not as the safetensors format has it; the file is damaged.");
        }
    }
}
