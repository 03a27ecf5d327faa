using ICSharpCode.SharpZipLib.GZip;

namespace Jigsaw.Data;

/// <summary>The members of a gzip file. What follows one and is none is refused: the reader beneath takes it for the end, and rows would be missing.</summary>
internal sealed class WholeGzip : GZipInputStream
{
    private readonly string _path;
    private readonly Stream _packed;

    public WholeGzip(string path, Stream packed, int bufferSize)
        : base(packed, bufferSize)
    {
        (_path, _packed) = (path, packed);
        IsStreamOwner = false;
    }

    public override int Read(byte[] buffer, int offset, int count)
    {
        var read = base.Read(buffer, offset, count);
        if (read == 0 && count > 0)
        {
            RequireEnd();
        }

        return read;
    }

    /// <summary>Zeros may follow the last member, as tape archivers leave them.</summary>
    private void RequireEnd()
    {
        while (inputBuffer.Available > 0 || _packed.Position < _packed.Length)
        {
            if (inputBuffer.Available == 0)
            {
                inputBuffer.Fill();
                continue;
            }

            if (inputBuffer.ReadLeByte() != 0)
            {
                throw new ChatDataException(_path, null, "has bytes behind a gzip member that are no member; it is damaged, pack it again.");
            }
        }
    }
}
