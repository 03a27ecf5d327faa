namespace Jigsaw.Data;

/// <summary>A file that can be read up to a place: behind it is what nothing has looked at yet.</summary>
internal sealed class ParquetWindow(Stream file) : Stream
{
    /// <summary>Where it ends.</summary>
    public long End { get; set; } = file.Length;

    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => false;

    public override long Length => file.Length;

    public override long Position
    {
        get => file.Position;
        set => file.Position = value;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer)
    {
        if (buffer.IsEmpty)
        {
            return 0;
        }

        // Whoever gets nothing may ask for ever.
        var left = End - file.Position;
        return left > 0 ? file.Read(buffer[..(int)Math.Min(left, buffer.Length)]) : throw new InvalidDataException();
    }

    public override long Seek(long offset, SeekOrigin origin) => file.Seek(offset, origin);

    public override void Flush()
    {
    }

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
