namespace Jigsaw.Data;

/// <summary>Walks a structure in Thrift's compact protocol. What can't be whole is an <see cref="InvalidDataException"/>, after no more work than there are bytes.</summary>
internal ref struct ThriftReader(ReadOnlySpan<byte> bytes)
{
    /// <summary>A whole number of 32 bits.</summary>
    public const int Int32 = 5;

    /// <summary>A structure.</summary>
    public const int Struct = 12;

    private const int True = 1;
    private const int False = 2;
    private const int MaximumDepth = 64;

    private readonly int _length = bytes.Length;
    private ReadOnlySpan<byte> _left = bytes;

    /// <summary>Bytes that were walked over.</summary>
    public readonly int Position => _length - _left.Length;

    /// <summary>The next field of a structure.</summary>
    /// <param name="id">That of the field before, 0 at first; that of this one afterwards.</param>
    /// <returns>Its type; 0 at the end of the structure.</returns>
    public int Field(ref long id)
    {
        var field = Byte();
        if (field == 0)
        {
            return 0;
        }

        id = field >> 4 == 0 ? Signed() : id + (field >> 4);
        return (field & 15) > 0 && id is > 0 and <= short.MaxValue ? field & 15 : throw new InvalidDataException();
    }

    /// <summary>The value of a field that must be a whole number of 32 bits, and not negative.</summary>
    /// <param name="type">The type that the field has.</param>
    public int Count(int type)
    {
        var value = type == Int32 ? Signed() : -1;
        return value is >= 0 and <= int.MaxValue ? (int)value : throw new InvalidDataException();
    }

    /// <summary>Walks over a structure. A field whose number is known must have its type, since who reads it looks at the number alone.</summary>
    /// <param name="of">What it is made of; null if it is unknown.</param>
    /// <param name="depth">How deep it is nested.</param>
    public void Structure(ThriftStruct? of, int depth = 0)
    {
        if (depth > MaximumDepth)
        {
            throw new InvalidDataException();
        }

        var id = 0L;
        while (Field(ref id) is > 0 and var type)
        {
            var field = of?.Find(id);
            if (field is not null && field.Type != (type == True ? False : type))
            {
                throw new InvalidDataException();
            }

            SkipField(type, field, depth);
        }
    }

    /// <summary>Walks over the value of a field.</summary>
    public void SkipField(int type, ThriftStruct.Field? field = null, int depth = 0)
    {
        // A truth in a field is its type.
        if (type > False)
        {
            Skip(type, field, depth);
        }
    }

    private void Skip(int type, ThriftStruct.Field? field, int depth)
    {
        switch (type)
        {
            case 3:
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
            case 9:
                var header = Byte();
                Elements(header >> 4 == 15 ? Number() : (ulong)header >> 4, header & 15, field, depth);
                break;
            case Struct:
                Structure(field?.Of, depth + 1);
                break;
            default:
                // Lists of truths, sets and maps are in no description of Parquet's.
                throw new InvalidDataException();
        }
    }

    private void Elements(ulong count, int type, ThriftStruct.Field? field, int depth)
    {
        // Each has at least one byte.
        if (count > (ulong)_left.Length || depth > MaximumDepth || (field is not null && count > 0 && type != field.Element))
        {
            throw new InvalidDataException();
        }

        for (var i = 0UL; i < count; i++)
        {
            Skip(type, field, depth + 1);
        }
    }

    private byte Byte()
    {
        var first = _left.IsEmpty ? throw new InvalidDataException() : _left[0];
        _left = _left[1..];
        return first;
    }

    private long Signed()
    {
        var number = Number();
        return (long)(number >> 1) ^ -(long)(number & 1);
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
