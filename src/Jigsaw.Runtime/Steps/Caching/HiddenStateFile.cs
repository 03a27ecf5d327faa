using System.Buffers.Binary;
using System.IO.MemoryMappedFiles;
using System.Security.Cryptography;

namespace Jigsaw.Steps.Caching;

/// <summary>
/// Hidden states of rows in one file, read through a map of it. It grows by whole records, each with checksums of its description and of its contents; one process writes it,
/// any number read it meanwhile.
/// </summary>
internal sealed class HiddenStateFile : IDisposable
{
    /// <summary>Bytes of a record beside its hidden states.</summary>
    public const int RecordHeader = 40;

    private const int HeaderSize = 64;
    private const int CheckSize = 8;
    private const int ContentCheck = 24;
    private const int DescriptionCheck = 32;

    private static readonly byte[] _magic = "JIGHIDN1"u8.ToArray();

    private readonly Dictionary<UInt128, Record> _records = [];
    private readonly FileStream _file;
    private readonly int _tokenBytes;
    private long _end = HeaderSize;
    private MemoryMappedFile? _map;
    private MemoryMappedViewAccessor? _view;
    private long _mapped;

    private HiddenStateFile(FileStream file, int tokenBytes) => (_file, _tokenBytes) = (file, tokenBytes);

    /// <summary>Bytes of the records that are known.</summary>
    public long Bytes => _end;

    /// <summary>Bytes behind the last whole record that were cut off when the file was opened to be written.</summary>
    public long CutOff { get; private set; }

    /// <summary>Records whose contents were found damaged.</summary>
    public int Damaged { get; private set; }

    /// <summary>Opens a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="key">What it is of, 32 bytes.</param>
    /// <param name="tokenBytes">Bytes of a token's hidden state.</param>
    /// <param name="writes">True to write it, for which the caller has reserved it; it is made if it isn't there.</param>
    /// <returns>Null for a file that its writer has just made and not yet begun.</returns>
    /// <exception cref="FormatException">It is no such file, or of something else.</exception>
    public static HiddenStateFile? Open(string path, byte[] key, int tokenBytes, bool writes)
    {
        var stream = new FileStream(path, writes ? FileMode.OpenOrCreate : FileMode.Open, writes ? FileAccess.ReadWrite : FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        try
        {
            Span<byte> header = stackalloc byte[HeaderSize];
            header.Clear();
            var read = RandomAccess.Read(stream.SafeFileHandle, header, 0);

            // What a power failure leaves of a file that was just begun.
            if (read < HeaderSize || !header.ContainsAnyExcept((byte)0))
            {
                if (!writes)
                {
                    stream.Dispose();
                    return null;
                }

                Begin(stream, key);
            }
            else if (!header[.._magic.Length].SequenceEqual(_magic) || !header.Slice(_magic.Length, key.Length).SequenceEqual(key))
            {
                throw new FormatException($"{path} is no cache of this teacher's hidden states, though it is named like one; delete it, or name another folder.");
            }

            var file = new HiddenStateFile(stream, tokenBytes);
            file.Scan();
            if (writes)
            {
                file.CutOff = stream.Length - file._end;
                stream.SetLength(file._end);
            }

            return file;
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    /// <summary>Finds the records that were added since, up to one that is not whole.</summary>
    public void Scan()
    {
        Span<byte> header = stackalloc byte[RecordHeader];
        var length = RandomAccess.GetLength(_file.SafeFileHandle);
        while (_end + RecordHeader <= length && RandomAccess.Read(_file.SafeFileHandle, header, _end) == RecordHeader)
        {
            var tokens = BinaryPrimitives.ReadInt32LittleEndian(header[16..]);
            var start = _end + RecordHeader;
            if (!Check(header[..DescriptionCheck]).AsSpan().SequenceEqual(header[DescriptionCheck..]) || tokens < 1 || start + ((long)tokens * _tokenBytes) > length)
            {
                return;
            }

            // A row that is there twice was damaged the first time.
            _records[BinaryPrimitives.ReadUInt128LittleEndian(header)] = new Record(start, tokens, header.Slice(ContentCheck, CheckSize).ToArray());
            _end = start + ((long)tokens * _tokenBytes);
        }
    }

    /// <summary>True if a row is in it.</summary>
    public bool Has(UInt128 row) => _records.ContainsKey(row);

    /// <summary>Reads a row. Its contents are checked the first time.</summary>
    /// <param name="row">Its key.</param>
    /// <param name="into">As many bytes as its tokens have.</param>
    /// <returns>False if it isn't there, or is damaged, by which it is forgotten.</returns>
    public bool TryRead(UInt128 row, Span<byte> into)
    {
        if (!_records.TryGetValue(row, out var record) || (long)record.Tokens * _tokenBytes != into.Length)
        {
            return false;
        }

        // To read behind the end of a file that was cut meanwhile would end the process.
        var end = record.Start + into.Length;
        var length = RandomAccess.GetLength(_file.SafeFileHandle);
        if (end <= length)
        {
            Map(end, length);
            _view!.SafeMemoryMappedViewHandle.ReadSpan((ulong)record.Start, into);
            if (record.IsChecked || Check(into).AsSpan().SequenceEqual(record.Check))
            {
                record.IsChecked = true;
                return true;
            }
        }

        _records.Remove(row);
        Damaged++;
        return false;
    }

    /// <summary>Adds a row.</summary>
    /// <param name="row">Its key.</param>
    /// <param name="contents">Its hidden states.</param>
    /// <exception cref="IOException">The disk is full, or can't be written.</exception>
    public void Append(UInt128 row, ReadOnlySpan<byte> contents)
    {
        var (header, tokens) = (new byte[RecordHeader], contents.Length / _tokenBytes);
        BinaryPrimitives.WriteUInt128LittleEndian(header, row);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(16), tokens);
        Check(contents).CopyTo(header.AsSpan(ContentCheck));
        Check(header.AsSpan(0, DescriptionCheck)).CopyTo(header.AsSpan(DescriptionCheck));

        // The description comes last: with it the record is whole.
        RandomAccess.Write(_file.SafeFileHandle, contents, _end + RecordHeader);
        RandomAccess.Write(_file.SafeFileHandle, header, _end);
        _records[row] = new Record(_end + RecordHeader, tokens, header.AsSpan(ContentCheck, CheckSize).ToArray()) { IsChecked = true };
        _end += RecordHeader + contents.Length;
    }

    public void Dispose()
    {
        _view?.Dispose();
        _map?.Dispose();
        _file.Dispose();
    }

    private static void Begin(FileStream stream, byte[] key)
    {
        var header = new byte[HeaderSize];
        _magic.CopyTo(header, 0);
        key.CopyTo(header, _magic.Length);
        stream.SetLength(0);
        RandomAccess.Write(stream.SafeFileHandle, header, 0);
    }

    private static byte[] Check(ReadOnlySpan<byte> bytes) => SHA256.HashData(bytes)[..CheckSize];

    private void Map(long end, long length)
    {
        if (end <= _mapped)
        {
            return;
        }

        _view?.Dispose();
        _map?.Dispose();
        _map = MemoryMappedFile.CreateFromFile(_file, mapName: null, length, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
        _view = _map.CreateViewAccessor(0, length, MemoryMappedFileAccess.Read);
        _mapped = length;
    }

    private sealed class Record(long start, int tokens, byte[] check)
    {
        public long Start { get; } = start;

        public int Tokens { get; } = tokens;

        public byte[] Check { get; } = check;

        public bool IsChecked { get; set; }
    }
}
