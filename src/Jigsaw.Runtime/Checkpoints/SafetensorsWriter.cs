using System.Buffers.Binary;
using System.Text.Encodings.Web;
using System.Text.Json;
using static TorchSharp.torch;

namespace Jigsaw.Checkpoints;

/// <summary>Writes safetensors files. The same tensors give the same bytes, in the order that Hugging Face's own library writes.</summary>
internal static class SafetensorsWriter
{
    private const int ChunkElements = 8 << 20;

    /// <summary>The metadata that transformers and PEFT write, and ask for.</summary>
    public static IReadOnlyDictionary<string, string> TorchMetadata { get; } = new Dictionary<string, string> { ["format"] = "pt" };

    /// <summary>Writes a file under a temporary name beside it, flushes it to the disk, and renames it.</summary>
    /// <param name="path">The file, replaced when it is there.</param>
    /// <param name="tensors">Names and tensors, on any device, of any type that safetensors has.</param>
    /// <param name="metadata">What goes under <c>__metadata__</c>; nothing when null.</param>
    /// <exception cref="ArgumentException">A name occurs twice or is <c>__metadata__</c>, or a type is not one of safetensors'.</exception>
    public static void Write(string path, IEnumerable<KeyValuePair<string, Tensor>> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        Write(path, tensors.Select(tensor => CheckpointTensor.Of(tensor.Key, tensor.Value)), metadata);
    }

    /// <summary>Writes a file of tensors that are made one at a time.</summary>
    internal static void Write(string path, IEnumerable<CheckpointTensor> tensors, IReadOnlyDictionary<string, string>? metadata)
    {
        ArgumentNullException.ThrowIfNull(path);
        var ordered = tensors
            .Select(tensor => (Tensor: tensor, Type: TypeOf(tensor)))
            .OrderByDescending(entry => entry.Type)
            .ThenBy(entry => entry.Tensor.Name, StringComparer.Ordinal)
            .ToArray();
        var header = Header(ordered, metadata);
        AtomicFile.Write(path, stream =>
        {
            Span<byte> length = stackalloc byte[8];
            BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)header.Length);
            stream.Write(length);
            stream.Write(header);
            foreach (var (tensor, _) in ordered)
            {
                using var value = tensor.Make();
                WriteBytes(stream, value);
            }
        });
    }

    internal static long ByteCount(CheckpointTensor tensor) =>
        tensor.Shape.Aggregate((long)SafetensorsHeader.SizeOf(TypeOf(tensor)), (count, size) => checked(count * size));

    private static void WriteBytes(Stream stream, Tensor tensor)
    {
        using var scope = NewDisposeScope();
        using var grad = no_grad();
        var flat = tensor.detach().reshape(-1);
        for (long start = 0; start < flat.shape[0]; start += ChunkElements)
        {
            using var chunk = flat.narrow(0, start, Math.Min(ChunkElements, flat.shape[0] - start)).cpu().contiguous();
            stream.Write(chunk.bytes);
        }
    }

    private static byte[] Header((CheckpointTensor Tensor, SafetensorsType Type)[] tensors, IReadOnlyDictionary<string, string>? metadata)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            if (metadata is { Count: > 0 })
            {
                json.WriteStartObject("__metadata__");
                foreach (var (key, value) in metadata.OrderBy(pair => pair.Key, StringComparer.Ordinal))
                {
                    json.WriteString(key, value);
                }

                json.WriteEndObject();
            }

            var names = new HashSet<string>(StringComparer.Ordinal) { "__metadata__" };
            long offset = 0;
            foreach (var (tensor, type) in tensors)
            {
                if (!names.Add(tensor.Name))
                {
                    throw new ArgumentException($"The name '{tensor.Name}' is there twice or reserved; give every tensor a name of its own.", nameof(tensors));
                }

                var end = offset + ByteCount(tensor);
                json.WriteStartObject(tensor.Name);
                json.WriteString("dtype", type.ToString());
                WriteNumbers(json, "shape", tensor.Shape);
                WriteNumbers(json, "data_offsets", [offset, end]);
                json.WriteEndObject();
                offset = end;
            }

            json.WriteEndObject();
        }

        // Tensors begin at a multiple of 8, so that a reader that maps the file finds them aligned.
        while (buffer.Length % 8 != 0)
        {
            buffer.WriteByte((byte)' ');
        }

        return buffer.ToArray();
    }

    private static void WriteNumbers(Utf8JsonWriter json, string name, ReadOnlySpan<long> numbers)
    {
        json.WriteStartArray(name);
        foreach (var number in numbers)
        {
            json.WriteNumberValue(number);
        }

        json.WriteEndArray();
    }

    private static SafetensorsType TypeOf(CheckpointTensor tensor) => tensor.DType switch
    {
        ScalarType.Bool => SafetensorsType.BOOL,
        ScalarType.Byte => SafetensorsType.U8,
        ScalarType.Int8 => SafetensorsType.I8,
        ScalarType.Int16 => SafetensorsType.I16,
        ScalarType.Int32 => SafetensorsType.I32,
        ScalarType.Int64 => SafetensorsType.I64,
        ScalarType.Float16 => SafetensorsType.F16,
        ScalarType.BFloat16 => SafetensorsType.BF16,
        ScalarType.Float32 => SafetensorsType.F32,
        ScalarType.Float64 => SafetensorsType.F64,
        var other => throw new ArgumentException($"The tensor '{tensor.Name}' is {other}, which safetensors has no name for; cast it first.", nameof(tensor)),
    };
}
