using ICSharpCode.SharpZipLib.Checksum;
using ICSharpCode.SharpZipLib.Zip.Compression;
using ICSharpCode.SharpZipLib.Zip.Compression.Streams;

namespace Jigsaw.Data;

/// <summary>
/// The members of a gzip file (RFC 1952), one after another. What follows one and is none is refused: SharpZipLib's own reader, of which this one uses the inflater, takes it for the end, and rows would be missing.
/// </summary>
internal sealed class WholeGzip : InflaterInputStream
{
    private const byte HasChecksum = 2;
    private const byte HasExtra = 4;
    private const byte HasName = 8;
    private const byte HasComment = 16;
    private const byte Reserved = 0xE0;

    private readonly string _path;
    private readonly Stream _packed;
    private readonly Crc32 _checksum = new();
    private bool _inMember;
    private bool _isFirst = true;

    public WholeGzip(string path, Stream packed, int bufferSize)
        : base(packed, new Inflater(noHeader: true), bufferSize)
    {
        (_path, _packed) = (path, packed);
        IsStreamOwner = false;
    }

    public override int Read(byte[] buffer, int offset, int count)
    {
        while (count > 0)
        {
            if (!_inMember && !Begin())
            {
                return 0;
            }

            var read = base.Read(buffer, offset, count);
            _checksum.Update(new ArraySegment<byte>(buffer, offset, read));
            if (inf.IsFinished)
            {
                End();
            }

            if (read > 0)
            {
                return read;
            }
        }

        return 0;
    }

    /// <summary>Reads the header of a member; false at the end of the file. Zeros may follow the last member, as tape archivers leave them.</summary>
    private bool Begin()
    {
        if (!_isFirst && !HasMore())
        {
            return false;
        }

        var first = inputBuffer.ReadLeByte();
        if (first == 0 && !_isFirst)
        {
            while (HasMore())
            {
                if (inputBuffer.ReadLeByte() != 0)
                {
                    throw Foreign();
                }
            }

            return false;
        }

        // The second byte may be missing as well: then the file ends here.
        if (first != 0x1F || (HasMore() && inputBuffer.ReadLeByte() != 0x8B) || (HasMore() && inputBuffer.ReadLeByte() != 8))
        {
            throw Foreign();
        }

        Header();
        (_inMember, _isFirst) = (true, false);
        return true;
    }

    private void Header()
    {
        var flags = inputBuffer.ReadLeByte();
        if ((flags & Reserved) != 0)
        {
            throw Foreign();
        }

        Skip(6);
        if ((flags & HasExtra) != 0)
        {
            Skip(inputBuffer.ReadLeShort());
        }

        foreach (var text in (byte[])[HasName, HasComment])
        {
            while ((flags & text) != 0 && inputBuffer.ReadLeByte() != 0)
            {
            }
        }

        Skip((flags & HasChecksum) != 0 ? 2 : 0);
    }

    private void End()
    {
        inputBuffer.Available += inf.RemainingInput;
        var (checksum, length) = ((uint)inputBuffer.ReadLeInt(), (uint)inputBuffer.ReadLeInt());
        if (checksum != (uint)_checksum.Value || length != (uint)inf.TotalOut)
        {
            throw new InvalidDataException("a member's checksum or length is another");
        }

        inf.Reset();
        _checksum.Reset();
        _inMember = false;
    }

    private void Skip(int count)
    {
        for (; count > 0; count--)
        {
            inputBuffer.ReadLeByte();
        }
    }

    private bool HasMore()
    {
        if (inputBuffer.Available == 0 && _packed.Position < _packed.Length)
        {
            inputBuffer.Fill();
        }

        return inputBuffer.Available > 0;
    }

    private ChatDataException Foreign() => new(_path, null, _isFirst
        ? "begins like a gzip file, and has no gzip header; it is damaged, pack it again."
        : "has bytes behind a gzip member that are no member; it is damaged, pack it again.");
}
