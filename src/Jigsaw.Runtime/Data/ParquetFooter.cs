using System.Buffers.Binary;

namespace Jigsaw.Data;

/// <summary>
/// Walks the description at the end of a Parquet file, which is a structure in Thrift's compact protocol, before the library does: a list of more elements than bytes
/// are left would keep it busy for minutes or fill the memory.
/// </summary>
internal static class ParquetFooter
{
    /// <summary>Refuses a description that can't be whole.</summary>
    /// <param name="stream">The file; its position is the beginning afterwards.</param>
    /// <exception cref="InvalidDataException">The description is cut off or damaged.</exception>
    public static void Require(Stream stream)
    {
        Span<byte> tail = stackalloc byte[8];
        if (stream.Length < 12)
        {
            throw new InvalidDataException();
        }

        stream.Seek(-tail.Length, SeekOrigin.End);
        stream.ReadExactly(tail);
        var length = BinaryPrimitives.ReadUInt32LittleEndian(tail);
        if (!tail[4..].SequenceEqual("PAR1"u8) || length > stream.Length - 12 || length > int.MaxValue)
        {
            throw new InvalidDataException();
        }

        var bytes = new byte[length];
        stream.Seek(-tail.Length - (long)length, SeekOrigin.End);
        stream.ReadExactly(bytes);
        stream.Seek(0, SeekOrigin.Begin);
        var reader = new ThriftReader(bytes);
        reader.Structure(ParquetFormat.FileMetaData);
    }
}
