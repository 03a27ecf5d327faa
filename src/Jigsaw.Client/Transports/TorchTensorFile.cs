using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace Jigsaw.Client.Transports;

/// <summary>
/// The bytes that <c>torch.save</c> writes of one tensor, (tokens, features), written by hand: a zip archive, uncompressed, with the pickle that says how to put the tensor together. It has only what torch's
/// weights-only unpickler takes, protocol 2.
/// </summary>
public static class TorchTensorFile
{
    private const string Root = "archive";

    // The first day that a zip file knows, so the same rows give the same bytes.
    private static readonly DateTimeOffset _day = new(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Writes a prompt's rows.</summary>
    /// <param name="prompt">The rows.</param>
    /// <returns>What <c>torch.load(…, weights_only=True)</c> reads as a tensor of shape (tokens, features).</returns>
    public static byte[] Write(TransformedPrompt prompt)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        using var stream = new MemoryStream(prompt.Bytes.Length + 1024);
        using (var archive = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            Add(archive, "data.pkl", Pickle(prompt));
            Add(archive, "byteorder", "little"u8);
            Add(archive, "data/0", prompt.Bytes.Span);
            Add(archive, "version", "3\n"u8);
        }

        return stream.ToArray();
    }

    private static void Add(ZipArchive archive, string name, ReadOnlySpan<byte> content)
    {
        var entry = archive.CreateEntry($"{Root}/{name}", CompressionLevel.NoCompression);
        entry.LastWriteTime = _day;
        using var stream = entry.Open();
        stream.Write(content);
    }

    /// <summary><c>torch._utils._rebuild_tensor_v2(storage, 0, (tokens, features), (features, 1), False, OrderedDict())</c>.</summary>
    private static byte[] Pickle(TransformedPrompt prompt)
    {
        var storage = prompt.Type switch
        {
            EmbeddingType.BFloat16 => "BFloat16Storage",
            EmbeddingType.Float16 => "HalfStorage",
            _ => "FloatStorage",
        };
        using var pickle = new MemoryStream();
        void Op(params ReadOnlySpan<byte> bytes) => pickle.Write(bytes);
        void Global(string module, string name) => pickle.Write(Encoding.ASCII.GetBytes($"c{module}\n{name}\n"));
        void Text(string text)
        {
            Span<byte> length = stackalloc byte[4];
            BinaryPrimitives.WriteInt32LittleEndian(length, text.Length);
            Op((byte)'X');
            Op(length);
            Op(Encoding.ASCII.GetBytes(text));
        }

        void Number(long number)
        {
            Span<byte> bytes = stackalloc byte[8];
            BinaryPrimitives.WriteInt64LittleEndian(bytes, number);
            switch (number)
            {
                case <= byte.MaxValue:
                    Op((byte)'K');
                    Op(bytes[..1]);
                    break;
                case <= ushort.MaxValue:
                    Op((byte)'M');
                    Op(bytes[..2]);
                    break;
                case <= int.MaxValue:
                    Op((byte)'J');
                    Op(bytes[..4]);
                    break;
                default:
                    Op(0x8A, 8);
                    Op(bytes);
                    break;
            }
        }

        Op(0x80, 2);
        Global("torch._utils", "_rebuild_tensor_v2");
        Op((byte)'(', (byte)'(');
        Text("storage");
        Global("torch", storage);
        Text("0");
        Text("cpu");
        Number((long)prompt.TokenCount * prompt.Features);
        Op((byte)'t', (byte)'Q');
        Number(0);
        Number(prompt.TokenCount);
        Number(prompt.Features);
        Op(0x86);
        Number(prompt.Features);
        Number(1);
        Op(0x86, 0x89);
        Global("collections", "OrderedDict");
        Op((byte)')', (byte)'R', (byte)'t', (byte)'R', (byte)'.');
        return pickle.ToArray();
    }
}
