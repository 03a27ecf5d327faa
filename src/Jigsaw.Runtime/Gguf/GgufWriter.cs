using Jigsaw.Checkpoints;
using static TorchSharp.torch;

namespace Jigsaw.Gguf;

/// <summary>Writes GGUF files, version 3: keys, the description of each tensor, and their bytes at multiples of 32.</summary>
internal static class GgufWriter
{
    private const uint Magic = 0x46554747;
    private const uint Version = 3;
    private const int Alignment = 32;
    private const long ChunkElements = 1 << 22;

    /// <summary>Writes a file; a reader sees the old one or the whole new one.</summary>
    /// <param name="path">The file.</param>
    /// <param name="metadata">Its keys.</param>
    /// <param name="tensors">Its tensors, in the order of their bytes.</param>
    public static void Write(string path, GgufMetadata metadata, IReadOnlyCollection<GgufTensor> tensors)
    {
        var header = Header(metadata, tensors);
        AtomicFile.Write(path, stream =>
        {
            stream.Write(header);
            foreach (var tensor in tensors)
            {
                using var grad = no_grad();
                using var value = tensor.Make();
                WriteNumbers(path, stream, tensor, value);
                stream.Write(new byte[Aligned(tensor.ByteCount) - tensor.ByteCount]);
            }
        });
    }

    private static byte[] Header(GgufMetadata metadata, IReadOnlyCollection<GgufTensor> tensors)
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        writer.Write(Magic);
        writer.Write(Version);
        writer.Write((ulong)tensors.Count);
        writer.Write((ulong)metadata.Count);
        writer.Write(metadata.ToArray());
        ulong offset = 0;
        foreach (var tensor in tensors)
        {
            GgufMetadata.Write(writer, tensor.Name);
            writer.Write((uint)tensor.Shape.Length);
            foreach (var size in tensor.Shape.Reverse())
            {
                // The fastest dimension first.
                writer.Write((ulong)size);
            }

            writer.Write((uint)tensor.Type);
            writer.Write(offset);
            offset += (ulong)Aligned(tensor.ByteCount);
        }

        writer.Write(new byte[Aligned(stream.Length) - stream.Length]);
        return stream.ToArray();
    }

    private static void WriteNumbers(string path, Stream stream, GgufTensor tensor, Tensor value)
    {
        using var scope = NewDisposeScope();
        var flat = value.detach().reshape(-1);
        for (long start = 0; start < flat.shape[0]; start += ChunkElements)
        {
            using var chunk = flat.narrow(0, start, Math.Min(ChunkElements, flat.shape[0] - start)).to(TypeOf(tensor.Type)).cpu().contiguous();
            if (tensor.Type == GgufTensorType.Q8)
            {
                var numbers = chunk.data<float>().ToArray();
                var blocks = new byte[numbers.Length / GgufBlocks.Size * GgufBlocks.Bytes];
                Require(GgufBlocks.Quantize(numbers, blocks), tensor);
                stream.Write(blocks);
            }
            else
            {
                Require(chunk.isfinite().all().item<bool>(), tensor);
                stream.Write(chunk.bytes);
            }
        }

        void Require(bool holds, GgufTensor tensor)
        {
            if (!holds)
            {
                throw new CheckpointException(path, $"can't be written, since '{tensor.Name}' has a number that {tensor.Type} doesn't hold; write {nameof(GgufType.BFloat16)} or {nameof(GgufType.Float32)}, and look for numbers that are not finite.");
            }
        }
    }

    private static long Aligned(long count) => (count + Alignment - 1) / Alignment * Alignment;

    private static ScalarType TypeOf(GgufTensorType type) => type switch
    {
        GgufTensorType.F16 => ScalarType.Float16,
        GgufTensorType.BF16 => ScalarType.BFloat16,
        _ => ScalarType.Float32,
    };
}
