using System.Globalization;

namespace Jigsaw.Data;

/// <summary>
/// Chats in files that may be larger than memory: the formats of <see cref="ChatDataset"/>, read through once to find and check each row, then row by row
/// as they are asked for. What was found is kept in a folder under the hash of each file's content, with the rows of packed files and of Parquet.
/// </summary>
public sealed class ChatFiles : IDisposable
{
    private static readonly TimeSpan _abandoned = TimeSpan.FromDays(2);

    private readonly IReadOnlyList<RowIndex> _files;
    private readonly int[] _first;
    private readonly List<string> _notes;
    private long _rowsRead;

    private ChatFiles(IReadOnlyList<RowIndex> files, string cacheDirectory, List<string> notes)
    {
        (_files, CacheDirectory, _notes) = (files, cacheDirectory, notes);
        _first = new int[files.Count];
        var count = 0L;
        var unread = new FieldTally();
        for (var i = 0; i < files.Count; i++)
        {
            _first[i] = (int)count;
            count += files[i].Count;
            unread.Add(files[i].Unread);
        }

        Count = count <= int.MaxValue ? (int)count : throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"The files have {count} chats; at most {int.MaxValue} can be used together."));
        if (unread.Describe() is { } fields)
        {
            notes.Add($"Fields of the data that nothing reads, with their rows: {fields}.");
        }
    }

    /// <summary>How many chats there are.</summary>
    public int Count { get; }

    /// <summary>The files, in their order.</summary>
    public IReadOnlyList<string> Paths => [.. _files.Select(file => file.SourcePath)];

    /// <summary>The folder in which indices and tokens are kept.</summary>
    public string CacheDirectory { get; }

    /// <summary>What should be known about the files, in sentences: fields that nothing reads, and what was damaged in the cache and made again.</summary>
    public IReadOnlyList<string> Notes => _notes;

    /// <summary>Rows that were read since the files were opened.</summary>
    internal long RowsRead => Interlocked.Read(ref _rowsRead);

    /// <summary>The hashes of the files.</summary>
    internal IEnumerable<string> Hashes => _files.Select(file => file.Hash);

    /// <summary>Opens files. The first time, each is read through, so every row that is not a chat is found before a training begins.</summary>
    /// <param name="paths">Files, folders of them, or patterns such as <c>data/*.jsonl</c>; those of a folder or pattern in ordinal order, and each file once.</param>
    /// <param name="cacheDirectory">Where indices, unpacked rows and token ids are kept; made if it isn't there. It holds what the data hold, so give it the same protection.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="FileNotFoundException">A path names no file.</exception>
    /// <exception cref="ChatDataException">A row is not a chat, a file is damaged, or the folder can't be written.</exception>
    public static ChatFiles Open(IEnumerable<string> paths, string cacheDirectory, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(cacheDirectory);
        var (files, notes) = (new List<RowIndex>(), new List<string>());
        try
        {
            Clean(cacheDirectory);
            foreach (var path in DataPaths.Find(paths))
            {
                files.Add(RowIndex.Open(path, cacheDirectory, notes, cancellationToken));
            }

            return new ChatFiles(files, cacheDirectory, notes);
        }
        catch (Exception exception) when (exception is UnauthorizedAccessException || exception is IOException and not (FileNotFoundException or DirectoryNotFoundException))
        {
            Close(files);
            throw RowIndex.Unwritable(cacheDirectory, exception);
        }
        catch
        {
            Close(files);
            throw;
        }
    }

    /// <summary>The size of files on the disk, to decide whether they fit in memory.</summary>
    /// <param name="paths">Files, folders of them, or patterns.</param>
    /// <param name="packedFactor">How many times the size of a packed file its content is taken to have.</param>
    /// <exception cref="FileNotFoundException">A path names no file.</exception>
    public static long SizeOf(IEnumerable<string> paths, int packedFactor = 8)
    {
        var size = 0L;
        foreach (var path in DataPaths.Find(paths))
        {
            using var file = new DataFile(path);
            size += new FileInfo(path).Length * (file.Packing == DataPacking.None ? 1 : packedFactor);
        }

        return size;
    }

    /// <summary>Reads a chat.</summary>
    /// <param name="row">Which, counted from 0 through all files.</param>
    /// <exception cref="ChatDataException">The file was changed since it was opened.</exception>
    public ChatExample Read(int row)
    {
        var (file, local) = Find(row);
        Interlocked.Increment(ref _rowsRead);
        return file.Read(local);
    }

    /// <summary>The file and line (or row) of a chat.</summary>
    /// <param name="row">Which, counted from 0 through all files.</param>
    public string PlaceOf(int row)
    {
        var (file, local) = Find(row);
        return $"{file.SourcePath}, {file.PlaceOf(local)}";
    }

    /// <summary>Closes the files.</summary>
    public void Dispose() => Close(_files);

    private static void Close(IEnumerable<RowIndex> files)
    {
        foreach (var file in files)
        {
            file.Dispose();
        }
    }

    /// <summary>Deletes what processes have left that were killed while they wrote.</summary>
    private static void Clean(string folder)
    {
        foreach (var left in Directory.Exists(folder) ? Directory.EnumerateFiles(folder, "*.tmp") : [])
        {
            if ((Path.GetFileName(left).StartsWith("rows-", StringComparison.Ordinal) || Path.GetFileName(left).StartsWith("tokens-", StringComparison.Ordinal)) && File.GetLastWriteTimeUtc(left) < DateTime.UtcNow - _abandoned)
            {
                File.Delete(left);
            }
        }
    }

    private (RowIndex File, int Row) Find(int row)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(row);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(row, Count);
        var found = Array.BinarySearch(_first, row);
        var file = found >= 0 ? found : ~found - 1;
        return (_files[file], row - _first[file]);
    }
}
