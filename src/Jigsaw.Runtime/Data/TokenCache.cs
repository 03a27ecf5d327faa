using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using Jigsaw.Checkpoints;
using Jigsaw.Tokenization;

namespace Jigsaw.Data;

/// <summary>
/// Token ids and masks of rows on the disk. A cache grows by whole records, each with its checksum, under a temporary name, and gets its own name once all
/// rows are in it. One process writes it; another that comes meanwhile writes one for itself, which it deletes.
/// </summary>
internal sealed class TokenCache : IDisposable
{
    private const int HeaderSize = 40;
    private const int RecordHeader = 16;
    private const int CheckSize = 8;
    private const int MaximumTokens = 1 << 28;

    private static readonly byte[] _magic = "JIGTOKS1"u8.ToArray();

    private readonly Lock _lock = new();
    private readonly string _path;
    private readonly byte[] _key;
    private readonly FileStream? _owner;
    private readonly long[] _offsets;
    private readonly int[] _lengths;
    private readonly int[] _firstCounted;
    private FileStream _file;
    private long _end;
    private int _known;

    /// <summary>Opens the cache of rows and tokenizer, or begins it.</summary>
    /// <param name="folder">Where caches are kept.</param>
    /// <param name="key">The SHA-256 of all that decides on the tokens.</param>
    /// <param name="rows">How many rows there are.</param>
    /// <param name="notes">Takes a sentence if something was damaged.</param>
    /// <exception cref="ChatDataException">The folder can't be written.</exception>
    public TokenCache(string folder, byte[] key, int rows, ICollection<string> notes)
    {
        (_key, _offsets, _lengths, _firstCounted) = (key, new long[rows], new int[rows], new int[rows]);
        Array.Fill(_lengths, -1);
        var name = $"tokens-{Convert.ToHexStringLower(key)[..32]}";
        _path = Path.Combine(folder, name + ".bin");
        try
        {
            if (File.Exists(_path))
            {
                _file = Open(_path, FileMode.Open, FileAccess.Read, FileOptions.None);
                Scan();
                if (_known == rows)
                {
                    return;
                }

                notes.Add($"The cache of tokens {_path} was damaged, and its rows are tokenized again.");
                _file.Dispose();
                File.Delete(_path);
                Forget();
            }

            _owner = Own(Path.Combine(folder, name + ".lock"));
            var path = Path.Combine(folder, _owner is null ? $"{name}.{Environment.ProcessId}-{Guid.NewGuid():N}.tmp" : name + ".part");
            _file = Open(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, _owner is null ? FileOptions.DeleteOnClose : FileOptions.None);
            Scan();
            if (_end < _file.Length)
            {
                notes.Add(string.Create(CultureInfo.InvariantCulture, $"The cache of tokens {path} was damaged from byte {_end} on; {_known} of {rows} rows are used."));
                _file.SetLength(_end);
            }

            if (_end == 0)
            {
                Forget();
                _file.SetLength(0);
                RandomAccess.Write(_file.SafeFileHandle, [.. _magic, .. _key], 0);
                _end = HeaderSize;
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            _owner?.Dispose();
            throw RowIndex.Unwritable(folder, exception);
        }
    }

    /// <summary>How many rows are in it.</summary>
    public int Known
    {
        get
        {
            lock (_lock)
            {
                return _known;
            }
        }
    }

    /// <summary>True if all rows are in it.</summary>
    public bool IsComplete => Known == _lengths.Length;

    /// <summary>True if a row is in it.</summary>
    public bool Has(int row) => Volatile.Read(ref _lengths[row]) >= 0;

    /// <summary>The tokens of a row that is in it.</summary>
    public int LengthOf(int row) => _lengths[row];

    /// <summary>The first token of a row that counts in the loss and has one before it; -1 if there is none.</summary>
    public int FirstCountedOf(int row) => _firstCounted[row];

    /// <summary>Adds a row.</summary>
    /// <returns>False if another thread has added it meanwhile.</returns>
    /// <exception cref="ChatDataException">The disk is full, or can't be written.</exception>
    public bool Add(int row, TokenizedChat chat)
    {
        var (count, first) = (chat.Ids.Count, RowTokenizer.FirstCounted(chat));
        var record = new byte[RecordHeader + (5 * count) + CheckSize];
        BinaryPrimitives.WriteInt32LittleEndian(record, row);
        BinaryPrimitives.WriteInt32LittleEndian(record.AsSpan(4), count);
        BinaryPrimitives.WriteInt32LittleEndian(record.AsSpan(8), first);
        BinaryPrimitives.WriteInt32LittleEndian(record.AsSpan(12), HeaderCheck(row, count, first));
        for (var i = 0; i < count; i++)
        {
            BinaryPrimitives.WriteInt32LittleEndian(record.AsSpan(RecordHeader + (4 * i)), chat.Ids[i]);
            record[RecordHeader + (4 * count) + i] = (byte)((chat.Counts[i] ? 1 : 0) | (chat.Noise[i] ? 2 : 0) | (chat.InReply[i] ? 4 : 0) | (chat.Private[i] ? 8 : 0));
        }

        Check(record.AsSpan(0, record.Length - CheckSize)).CopyTo(record.AsSpan(record.Length - CheckSize));
        lock (_lock)
        {
            if (Has(row))
            {
                return false;
            }

            try
            {
                RandomAccess.Write(_file.SafeFileHandle, record, _end);
            }
            catch (IOException exception)
            {
                throw RowIndex.Unwritable(Path.GetDirectoryName(_path)!, exception);
            }

            Know(row, _end, count, first);
            _end += record.Length;
            if (IsComplete)
            {
                Complete();
            }
        }

        return true;
    }

    /// <summary>Reads a row that is in it; null if it is damaged on the disk.</summary>
    public TokenizedChat? Read(int row)
    {
        var count = _lengths[row];
        var record = new byte[RecordHeader + (5 * count) + CheckSize];
        lock (_lock)
        {
            if (RandomAccess.Read(_file.SafeFileHandle, record, _offsets[row]) < record.Length)
            {
                return null;
            }
        }

        if (BinaryPrimitives.ReadInt32LittleEndian(record) != row || !Check(record.AsSpan(0, record.Length - CheckSize)).AsSpan().SequenceEqual(record.AsSpan(record.Length - CheckSize)))
        {
            return null;
        }

        var ids = new int[count];
        for (var i = 0; i < count; i++)
        {
            ids[i] = BinaryPrimitives.ReadInt32LittleEndian(record.AsSpan(RecordHeader + (4 * i)));
        }

        bool[] Mask(int bit) => [.. record.AsSpan(RecordHeader + (4 * count), count).ToArray().Select(flags => (flags & bit) != 0)];
        return new TokenizedChat(ids, Mask(1), Mask(2)) { InReply = Mask(4), Private = Mask(8) };
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _file.Dispose();
            _owner?.Dispose();
        }
    }

    private static FileStream Open(string path, FileMode mode, FileAccess access, FileOptions options) =>
        new(path, mode, access, FileShare.ReadWrite | FileShare.Delete, bufferSize: 1 << 16, options);

    private static FileStream? Own(string path)
    {
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 1, FileOptions.DeleteOnClose);
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static int HeaderCheck(int row, int count, int first) => unchecked((((row * 486187739) + count) * 486187739) + first + 20_011);

    private static byte[] Check(ReadOnlySpan<byte> bytes) => SHA256.HashData(bytes)[..CheckSize];

    private void Know(int row, long offset, int count, int first)
    {
        (_offsets[row], _firstCounted[row]) = (offset, first);
        Volatile.Write(ref _lengths[row], count);
        _known++;
    }

    private void Forget()
    {
        Array.Fill(_lengths, -1);
        (_known, _end) = (0, 0);
    }

    /// <summary>Finds the records, up to the first that is not whole.</summary>
    private void Scan()
    {
        var header = new byte[HeaderSize];
        _file.Position = 0;
        if (_file.ReadAtLeast(header, HeaderSize, throwOnEndOfStream: false) < HeaderSize || !header.AsSpan(0, _magic.Length).SequenceEqual(_magic) || !header.AsSpan(_magic.Length).SequenceEqual(_key))
        {
            return;
        }

        var length = _file.Length;
        for (_end = HeaderSize; _end + RecordHeader <= length;)
        {
            _file.Position = _end;
            _file.ReadExactly(header, 0, RecordHeader);
            var (row, count, first) = (BinaryPrimitives.ReadInt32LittleEndian(header), BinaryPrimitives.ReadInt32LittleEndian(header.AsSpan(4)), BinaryPrimitives.ReadInt32LittleEndian(header.AsSpan(8)));
            var end = _end + RecordHeader + (5L * count) + CheckSize;
            if (BinaryPrimitives.ReadInt32LittleEndian(header.AsSpan(12)) != HeaderCheck(row, count, first) || row < 0 || row >= _lengths.Length || count is < 0 or > MaximumTokens || end > length || Has(row))
            {
                return;
            }

            Know(row, _end, count, first);
            _end = end;
        }
    }

    /// <summary>Gives the cache its own name.</summary>
    private void Complete()
    {
        if (_owner is null)
        {
            return;
        }

        var part = _file.Name;
        _file.Flush(flushToDisk: true);
        _file.Dispose();
        File.Move(part, _path, overwrite: true);
        DirectoryFlush.Flush(Path.GetDirectoryName(_path)!);
        _file = Open(_path, FileMode.Open, FileAccess.Read, FileOptions.None);
        _owner.Dispose();
    }
}
