using System.Buffers.Binary;
using System.Text;

namespace Jigsaw.Runtime.Tests.Checkpoints;

/// <summary>Writes safetensors files that need not be right.</summary>
internal static class SafetensorsBytes
{
    public static byte[] Of(string header, int dataBytes = 0, ulong? length = null)
    {
        var json = Encoding.UTF8.GetBytes(header);
        var bytes = new byte[8 + json.Length + dataBytes];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, length ?? (ulong)json.Length);
        json.CopyTo(bytes, 8);
        return bytes;
    }
}
