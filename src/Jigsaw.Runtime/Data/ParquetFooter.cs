using System.Buffers.Binary;

namespace Jigsaw.Data;

/// <summary>
/// Walks the description at the end of a Parquet file, which is a structure in Thrift's compact protocol, before the library does: a list of more elements than bytes
/// are left would keep it busy for minutes or fill the memory.
/// </summary>
internal static class ParquetFooter
{
    private const int MaximumDepth = 64;

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
        var reader = new Reader(bytes);
        reader.Structure(0);
    }

    private ref struct Reader(ReadOnlySpan<byte> bytes)
    {
        private ReadOnlySpan<byte> _left = bytes;

        public void Structure(int depth)
        {
            if (depth > MaximumDepth)
            {
                throw new InvalidDataException();
            }

            while (Byte() is var field && (field & 15) != 0)
            {
                if (field >> 4 == 0)
                {
                    _ = Number();
                }

                // A truth in a field is its type.
                if ((field & 15) > 2)
                {
                    Value(field & 15, depth);
                }
            }
        }

        private void Value(int type, int depth)
        {
            switch (type)
            {
                case 1 or 2 or 3:
                    Take(1);
                    break;
                case 4 or 5 or 6:
                    _ = Number();
                    break;
                case 7:
                    Take(8);
                    break;
                case 8:
                    Take(Number());
                    break;
                case 9 or 10:
                    var header = Byte();
                    Elements(header >> 4 == 15 ? Number() : (ulong)header >> 4, header & 15, 0, depth);
                    break;
                case 11:
                    if (Number() is > 0 and var pairs)
                    {
                        var types = Byte();
                        Elements(pairs, types >> 4, types & 15, depth);
                    }

                    break;
                case 12:
                    Structure(depth + 1);
                    break;
                case 13:
                    Take(16);
                    break;
                default:
                    throw new InvalidDataException();
            }
        }

        private void Elements(ulong count, int type, int second, int depth)
        {
            // Each has at least one byte.
            if (count > (ulong)_left.Length || depth > MaximumDepth)
            {
                throw new InvalidDataException();
            }

            for (var i = 0UL; i < count; i++)
            {
                Value(type, depth + 1);
                if (second != 0)
                {
                    Value(second, depth + 1);
                }
            }
        }

        private byte Byte()
        {
            var first = _left.IsEmpty ? throw new InvalidDataException() : _left[0];
            _left = _left[1..];
            return first;
        }

        private ulong Number()
        {
            var value = 0UL;
            for (var shift = 0; shift < 64; shift += 7)
            {
                var next = Byte();
                value |= (ulong)(next & 127) << shift;
                if (next < 128)
                {
                    return value;
                }
            }

            throw new InvalidDataException();
        }

        private void Take(ulong count) => _left = count <= (ulong)_left.Length ? _left[(int)count..] : throw new InvalidDataException();
    }
}
