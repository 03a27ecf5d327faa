using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Jigsaw.Checkpoints;

namespace Jigsaw.Data;

/// <summary>
/// Where each row of one file stands, on the disk, under the hash of the file's content. Rows of a file that has no offsets (packed, or Parquet)
/// are written out beside it, once. A row is held by nobody until it is asked for.
/// </summary>
internal sealed class RowIndex : IDisposable
{
    private const int RecordSize = 24;
    private const int FooterSize = 96;
    private const int MaximumTally = 1 << 20;

    private static readonly byte[] _magic = "JIGROWS1"u8.ToArray();

    private readonly DataFile? _source;
    private readonly FileStream _index;
    private readonly FileStream _rows;
    private readonly bool _hasNumbers;
    private readonly string _rowsPath;

    private RowIndex(string path, string hash, FileStream index, FileStream rows, string rowsPath, DataFile? source, long count, bool hasNumbers, FieldTally unread)
    {
        (SourcePath, Hash, _index, _rows, _rowsPath, _source, _hasNumbers, Unread) = (path, hash, index, rows, rowsPath, source, hasNumbers, unread);
        Count = checked((int)count);
    }

    /// <summary>The file.</summary>
    public string SourcePath { get; }

    /// <summary>The SHA-256 of its content.</summary>
    public string Hash { get; }

    /// <summary>Its rows.</summary>
    public int Count { get; }

    /// <summary>Fields of its rows that nothing reads.</summary>
    public FieldTally Unread { get; }

    /// <summary>Opens the index of a file, and makes it if it isn't there or is damaged.</summary>
    /// <param name="path">The file.</param>
    /// <param name="folder">Where indices are kept.</param>
    /// <param name="notes">Takes a sentence if a damaged one was made again.</param>
    /// <param name="cancellation">Stops it; a half-made index is not kept.</param>
    /// <exception cref="ChatDataException">The file is damaged, a row is not a chat, or the index can't be written.</exception>
    public static RowIndex Open(string path, string folder, ICollection<string> notes, CancellationToken cancellation)
    {
        var hash = HashOf(path);
        var indexPath = Path.Combine(folder, $"rows-{hash[..32]}.index");
        var rowsPath = Path.ChangeExtension(indexPath, ".json");
        if (File.Exists(indexPath))
        {
            if (TryOpen(path, hash, indexPath, rowsPath) is { } there)
            {
                return there;
            }

            notes.Add($"The index of {path} in {folder} was damaged or of another version, and was made again.");
        }

        try
        {
            Make(path, hash, indexPath, rowsPath, cancellation);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Unwritable(folder, exception);
        }

        return TryOpen(path, hash, indexPath, rowsPath) ?? throw new ChatDataException(indexPath, null, "was written and can't be read back; look at the disk, or name another folder for the cache.");
    }

    /// <summary>Reads a row.</summary>
    /// <exception cref="ChatDataException">The file was changed since it was indexed.</exception>
    public ChatExample Read(int row)
    {
        var (place, bytes) = Bytes(row);
        return ChatRows.Parse(SourcePath, place, bytes, new FieldTally());
    }

    /// <summary>Where a row stands in its file, for messages.</summary>
    public string PlaceOf(int row) => PlaceOf(row, BinaryPrimitives.ReadInt64LittleEndian(Record(row).AsSpan(8)));

    public void Dispose()
    {
        _index.Dispose();
        _rows.Dispose();
        _source?.Dispose();
    }

    internal static ChatDataException Unwritable(string folder, Exception exception) =>
        new(folder, null, $"can't be used as the cache of the data ({exception.Message}); free space there, or name another folder.", exception);

    private string PlaceOf(int row, long line) => DataRow.PlaceOf(line, _hasNumbers ? row + 1 : 0);

    private byte[] Record(int row)
    {
        var record = new byte[RecordSize];
        ReadFully(_index, record, (long)row * RecordSize);
        return record;
    }

    private (string Place, byte[] Bytes) Bytes(int row)
    {
        var record = Record(row);
        var place = PlaceOf(row, BinaryPrimitives.ReadInt64LittleEndian(record.AsSpan(8)));
        var bytes = new byte[BinaryPrimitives.ReadInt32LittleEndian(record.AsSpan(16))];
        ReadFully(_rows, bytes, BinaryPrimitives.ReadInt64LittleEndian(record));
        return Check(bytes) == BinaryPrimitives.ReadUInt32LittleEndian(record.AsSpan(20))
            ? (place, bytes)
            : throw new ChatDataException(_source is null ? _rowsPath : SourcePath, place, "was changed since it was indexed; start the run again.");
    }

    private static void ReadFully(FileStream file, Span<byte> bytes, long offset)
    {
        try
        {
            var done = 0;
            while (done < bytes.Length)
            {
                var read = RandomAccess.Read(file.SafeFileHandle, bytes[done..], offset + done);
                done += read > 0 ? read : throw new EndOfStreamException($"it ends before byte {(offset + bytes.Length).ToString(CultureInfo.InvariantCulture)}");
            }
        }
        catch (IOException exception)
        {
            throw new ChatDataException(file.Name, null, $"can't be read ({exception.Message}): it was changed while it was in use; start the run again.", exception);
        }
    }

    private static uint Check(ReadOnlySpan<byte> bytes)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(bytes, hash);
        return BinaryPrimitives.ReadUInt32LittleEndian(hash);
    }

    private static string HashOf(string path)
    {
        using var file = new DataFile(path);
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16);
            return Convert.ToHexStringLower(SHA256.HashData(stream));
        }
        catch (IOException exception)
        {
            throw new ChatDataException(path, null, $"can't be read ({exception.Message}).", exception);
        }
    }

    private static void Make(string path, string hash, string indexPath, string rowsPath, CancellationToken cancellation)
    {
        using var source = new DataFile(path);
        var isPlain = source.Packing == DataPacking.None;
        AtomicFile.Write(indexPath, index =>
        {
            if (isPlain)
            {
                Write(source, hash, index, null, cancellation);
            }
            else
            {
                AtomicFile.Write(rowsPath, rows => Write(source, hash, index, rows, cancellation));
            }
        });
    }

    private static void Write(DataFile source, string hash, Stream index, Stream? rows, CancellationToken cancellation)
    {
        using var all = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using var written = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var (record, unread) = (new byte[RecordSize], new FieldTally());
        var (count, hasNumbers, offset) = (0L, false, 0L);
        foreach (var (row, _) in ChatRows.Read(source, unread))
        {
            cancellation.ThrowIfCancellationRequested();
            BinaryPrimitives.WriteInt64LittleEndian(record, rows is null ? row.Offset : offset);
            BinaryPrimitives.WriteInt64LittleEndian(record.AsSpan(8), row.Line);
            BinaryPrimitives.WriteInt32LittleEndian(record.AsSpan(16), row.Bytes.Length);
            BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(20), Check(row.Bytes.Span));
            Append(index, record, all);
            if (rows is not null)
            {
                Append(rows, row.Bytes.Span, written);
                Append(rows, "\n"u8, written);
                offset += row.Bytes.Length + 1;
            }

            (count, hasNumbers) = (count + 1, row.Number > 0);
        }

        if (count is 0 or > int.MaxValue)
        {
            throw count == 0 ? ChatDataset.NoChat(source.FilePath) : new ChatDataException(source.FilePath, null, $"has {count} rows; split it into files of at most {int.MaxValue}.");
        }

        var tally = Encoding.UTF8.GetBytes(new JsonObject(unread.Counts().Select(field => KeyValuePair.Create(field.Key, (JsonNode?)field.Value))).ToJsonString());
        Append(index, tally, all);
        var footer = new byte[FooterSize - SHA256.HashSizeInBytes];
        BinaryPrimitives.WriteInt64LittleEndian(footer, count);
        BinaryPrimitives.WriteInt32LittleEndian(footer.AsSpan(8), tally.Length);
        BinaryPrimitives.WriteInt32LittleEndian(footer.AsSpan(12), (hasNumbers ? 1 : 0) | (rows is null ? 2 : 0));
        Convert.FromHexString(hash).AsSpan(0, 8).CopyTo(footer.AsSpan(16));
        _magic.CopyTo(footer.AsSpan(24));
        (rows is null ? new byte[SHA256.HashSizeInBytes] : written.GetHashAndReset()).CopyTo(footer.AsSpan(32));
        Append(index, footer, all);
        index.Write(all.GetHashAndReset());
    }

    private static void Append(Stream stream, ReadOnlySpan<byte> bytes, IncrementalHash hash)
    {
        stream.Write(bytes);
        hash.AppendData(bytes);
    }

    private static RowIndex? TryOpen(string path, string hash, string indexPath, string rowsPath)
    {
        FileStream? index = null, rows = null;
        DataFile? source = null;
        try
        {
            index = new FileStream(indexPath, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
            if (ReadFooter(index, hash) is { } footer)
            {
                var unread = new FieldTally();
                foreach (var (name, count) in footer.Tally)
                {
                    unread.Add(name, count);
                }

                if (footer.IsPlain)
                {
                    source = new DataFile(path);
                    rows = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
                }
                else
                {
                    rows = new FileStream(rowsPath, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
                }

                if (footer.IsPlain || SHA256.HashData(rows).AsSpan().SequenceEqual(footer.Rows))
                {
                    var opened = new RowIndex(path, hash, index, rows, rowsPath, source, footer.Count, footer.HasNumbers, unread);
                    (index, rows, source) = (null, null, null);
                    return opened;
                }
            }

            return null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
        finally
        {
            index?.Dispose();
            rows?.Dispose();
            source?.Dispose();
        }
    }

    private static (long Count, bool HasNumbers, bool IsPlain, byte[] Rows, Dictionary<string, long> Tally)? ReadFooter(FileStream index, string hash)
    {
        if (index.Length < FooterSize || !IsWhole(index))
        {
            return null;
        }

        var footer = new byte[FooterSize];
        index.Position = index.Length - FooterSize;
        index.ReadExactly(footer);
        var count = BinaryPrimitives.ReadInt64LittleEndian(footer);
        var length = BinaryPrimitives.ReadInt32LittleEndian(footer.AsSpan(8));
        if (!footer.AsSpan(24, _magic.Length).SequenceEqual(_magic) || !footer.AsSpan(16, 8).SequenceEqual(Convert.FromHexString(hash).AsSpan(0, 8))
            || count is < 1 or > int.MaxValue || length is < 0 or > MaximumTally || index.Length != (count * RecordSize) + length + FooterSize)
        {
            return null;
        }

        var tally = new byte[length];
        index.Position = count * RecordSize;
        index.ReadExactly(tally);
        var flags = BinaryPrimitives.ReadInt32LittleEndian(footer.AsSpan(12));
        return (count, (flags & 1) != 0, (flags & 2) != 0, footer[32..64], JsonNode.Parse(tally)!.AsObject().ToDictionary(field => field.Key, field => field.Value!.GetValue<long>()));
    }

    /// <summary>True if the hash at the end is that of all before it.</summary>
    private static bool IsWhole(FileStream index)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[1 << 16];
        var left = index.Length - SHA256.HashSizeInBytes;
        while (left > 0)
        {
            var read = index.Read(buffer, 0, (int)Math.Min(left, buffer.Length));
            if (read == 0)
            {
                return false;
            }

            hash.AppendData(buffer, 0, read);
            left -= read;
        }

        var expected = new byte[SHA256.HashSizeInBytes];
        index.ReadExactly(expected);
        return hash.GetHashAndReset().AsSpan().SequenceEqual(expected);
    }
}
