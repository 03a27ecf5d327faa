using System.Globalization;

namespace Jigsaw.Steps.Caching;

/// <summary>
/// The hidden states of one place in a model, in files of one folder: each process that adds rows has a file of its own, and reads those of the others. A file that nobody
/// writes any more is gone on with by the next one that comes.
/// </summary>
/// <param name="folder">Where the files are.</param>
/// <param name="name">How they are named.</param>
/// <param name="key">What they are of, 32 bytes.</param>
/// <param name="tokenBytes">Bytes of a token's hidden state.</param>
/// <param name="notes">Takes a sentence if something was damaged or can't be written.</param>
internal sealed class HiddenStateStore(string folder, string name, byte[] key, int tokenBytes, ICollection<string> notes) : IDisposable
{
    private const int MostWriters = 1024;
    private const int MostNotes = 10;

    private readonly SortedDictionary<int, HiddenStateFile> _files = [];
    private FileStream? _reserved;
    private HiddenStateFile? _own;
    private bool _isReadOnly;

    /// <summary>Bytes of all files.</summary>
    public long Bytes => _files.Values.Sum(file => file.Bytes);

    /// <summary>Reads a row.</summary>
    /// <param name="row">Its key.</param>
    /// <param name="into">As many bytes as its tokens have.</param>
    /// <returns>False if it isn't there, or is damaged.</returns>
    public bool TryRead(UInt128 row, Span<byte> into)
    {
        foreach (var (index, file) in _files)
        {
            var damaged = file.Damaged;
            if (file.TryRead(row, into))
            {
                return true;
            }

            if (file.Damaged > damaged && notes.Count < MostNotes)
            {
                notes.Add($"A row of the teacher's cache {PathOf(index)} was damaged, and is computed again.");
            }
        }

        return false;
    }

    /// <summary>Looks for what other processes have added.</summary>
    /// <exception cref="FormatException">A file is of something else.</exception>
    public void Refresh()
    {
        foreach (var path in Directory.EnumerateFiles(folder, name + ".*.bin"))
        {
            if (!int.TryParse(Path.GetFileName(path).AsSpan()[(name.Length + 1)..^4], NumberStyles.None, CultureInfo.InvariantCulture, out var index))
            {
                continue;
            }

            if (_files.TryGetValue(index, out var known))
            {
                if (known != _own)
                {
                    known.Scan();
                }
            }
            else if (HiddenStateFile.Open(path, key, tokenBytes, writes: false) is { } file)
            {
                _files.Add(index, file);
            }
        }
    }

    /// <summary>Adds a row, unless it is there or the folder can't be written to.</summary>
    /// <param name="row">Its key.</param>
    /// <param name="contents">Its hidden states.</param>
    /// <exception cref="FormatException">A file is of something else.</exception>
    public void Add(UInt128 row, ReadOnlySpan<byte> contents)
    {
        if (_isReadOnly || _files.Values.Any(file => file.Has(row)))
        {
            return;
        }

        try
        {
            _own ??= Reserve();
            _own.Append(row, contents);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            _isReadOnly = true;
            notes.Add($"The teacher's cache in {folder} can't be written ({exception.Message}), so rows that are not in it are computed each time; free its disk, or name another folder.");
        }
    }

    public void Dispose()
    {
        foreach (var file in _files.Values)
        {
            file.Dispose();
        }

        _reserved?.Dispose();
    }

    /// <summary>The first file that no process writes.</summary>
    private HiddenStateFile Reserve()
    {
        for (var index = 0; index < MostWriters; index++)
        {
            try
            {
                // It stays: another process may be about to open it.
                _reserved = new FileStream(Path.ChangeExtension(PathOf(index), ".lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 1);
            }
            catch (IOException) when (index < MostWriters - 1)
            {
                continue;
            }

            if (_files.Remove(index, out var read))
            {
                read.Dispose();
            }

            var file = HiddenStateFile.Open(PathOf(index), key, tokenBytes, writes: true)!;
            _files.Add(index, file);
            if (file.CutOff > 0)
            {
                notes.Add(string.Create(CultureInfo.InvariantCulture, $"The last {file.CutOff} bytes of the teacher's cache {PathOf(index)} were no whole row, and are computed again."));
            }

            return file;
        }

        throw new IOException($"{MostWriters} processes write it");
    }

    private string PathOf(int index) => Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{name}.{index}.bin"));
}
