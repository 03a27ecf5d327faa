using System.Buffers.Binary;
using Jigsaw.Checkpoints;
using ZstdSharp;

namespace Jigsaw.Data;

/// <summary>A file of rows: JSON lines or an array of JSON, plain or packed, or Parquet. Which of them is told by the content, not the name.</summary>
internal sealed class DataFile : IDisposable
{
    private const int BufferSize = 1 << 16;

    private static readonly (byte[] Begin, string Kind)[] _foreign =
    [
        ("PK\u0003\u0004"u8.ToArray(), "a zip archive"),
        ([0xFD, (byte)'7', (byte)'z', (byte)'X'], "packed by xz"),
        ("BZh"u8.ToArray(), "packed by bzip2"),
        ("7z"u8.ToArray(), "a 7z archive"),
        ("ARROW1"u8.ToArray(), "an Arrow file"),
        ("SQLite"u8.ToArray(), "an SQLite database"),
        ([0x89, (byte)'H', (byte)'D', (byte)'F'], "an HDF5 file"),
        ([0xFF, 0xFE], "UTF-16 text"),
        ([0xFE, 0xFF], "UTF-16 text"),
    ];

    private readonly FileStream _file;

    /// <summary>Opens a file.</summary>
    /// <exception cref="ChatDataException">It can't be opened, or is of a kind that isn't read.</exception>
    public DataFile(string path)
    {
        FilePath = path;
        try
        {
            _file = RegularFile.OpenRead(path, BufferSize);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ChatDataException(path, null, RegularFile.Problem(exception), exception);
        }

        var begin = Begin(_file);
        _file.Position = 0;
        Packing = begin switch
        {
            [0x1F, 0x8B, ..] => DataPacking.Gzip,
            _ when IsZstd(begin) => DataPacking.Zstd,
            _ when begin.AsSpan().StartsWith("PAR1"u8) => DataPacking.Parquet,
            _ => DataPacking.None,
        };
        if (Packing == DataPacking.None)
        {
            RefuseForeign(begin);
        }
    }

    /// <summary>The file.</summary>
    public string FilePath { get; }

    /// <summary>How its rows are packed.</summary>
    public DataPacking Packing { get; }

    /// <summary>The rows in the file's order. Each is valid until the next is taken.</summary>
    /// <param name="columns">The fields that are read, of a file of columns.</param>
    /// <param name="unread">Counts the others.</param>
    /// <exception cref="ChatDataException">The file is damaged, or isn't of rows.</exception>
    public IEnumerable<DataRow> Rows(IReadOnlySet<string> columns, FieldTally unread)
    {
        _file.Position = 0;
        if (Packing == DataPacking.Parquet)
        {
            return new ParquetRows(FilePath, _file, columns, unread).Read();
        }

        return new JsonRows(FilePath, Unpacked()).Read();
    }

    /// <summary>What is wrong with the packing of the rows, found by unpacking all of them: damaged bytes may give rows that are none long before the checksum at the end tells why.</summary>
    /// <returns>Null if nothing is, or the file isn't packed.</returns>
    public ChatDataException? Damage()
    {
        if (Packing is not (DataPacking.Gzip or DataPacking.Zstd))
        {
            return null;
        }

        _file.Position = 0;
        try
        {
            Unpacked().CopyTo(Stream.Null, BufferSize);
            return null;
        }
        catch (ChatDataException exception)
        {
            return exception;
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            return new ChatDataException(FilePath, null, $"can't be unpacked: the file is cut off or damaged ({exception.GetType().Name}); write or fetch it again.", exception);
        }
    }

    public void Dispose() => _file.Dispose();

    private Stream Unpacked() => Packing switch
    {
        DataPacking.Gzip => new WholeGzip(FilePath, _file, BufferSize),
        DataPacking.Zstd => new DecompressionStream(_file, BufferSize, checkEndOfStream: true, leaveOpen: true),
        _ => _file,
    };

    private static byte[] Begin(FileStream file)
    {
        var begin = new byte[8];
        return begin[..file.ReadAtLeast(begin, begin.Length, throwOnEndOfStream: false)];
    }

    /// <summary>A frame, or a skippable one, with which parallel packers begin.</summary>
    private static bool IsZstd(byte[] begin) =>
        begin.Length >= 4 && BinaryPrimitives.ReadUInt32LittleEndian(begin) is 0xFD2FB528 or (>= 0x184D2A50 and <= 0x184D2A5F);

    private void RefuseForeign(byte[] begin)
    {
        foreach (var (magic, kind) in _foreign)
        {
            if (begin.AsSpan().StartsWith(magic))
            {
                _file.Dispose();
                throw new ChatDataException(FilePath, null, $"is {kind}; write JSON lines, a JSON array (both may be packed by gzip or zstd), or Parquet.");
            }
        }
    }
}
