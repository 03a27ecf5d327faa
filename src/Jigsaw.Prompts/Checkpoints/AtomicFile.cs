namespace Jigsaw.Checkpoints;

/// <summary>Writes a file so that a reader sees the old one or the whole new one: under a temporary name beside it, flushed to the disk, renamed, and its directory flushed.</summary>
internal static class AtomicFile
{
    // EROFS of Linux and macOS.
    private const int ReadOnlyFileSystem = 30;

    /// <summary>Writes a file.</summary>
    /// <param name="path">The file, replaced when it is there; its directory is made when it isn't.</param>
    /// <param name="write">Writes the content. When it throws, the old file stays and nothing is left behind.</param>
    public static void Write(string path, Action<Stream> write)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(write);
        var full = Path.GetFullPath(path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        var temporary = $"{full}.{Environment.ProcessId}-{Guid.NewGuid():N}.tmp";
        try
        {
            using (var stream = Create(temporary, FileOptions.None))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, full, overwrite: true);
            DirectoryFlush.Flush(Path.GetDirectoryName(full)!);
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    /// <summary>Finds out whether files can be written into a folder, before the work whose result is to go there.</summary>
    /// <param name="folder">The folder. If it isn't there, the nearest folder above it is tried.</param>
    /// <exception cref="UnauthorizedAccessException">It can't be written to; the message says what to do.</exception>
    public static void RequireWritable(string folder)
    {
        var there = Path.GetFullPath(folder);
        while (!Directory.Exists(there) && Path.GetDirectoryName(there) is { } parent)
        {
            if (Path.Exists(there))
            {
                throw new UnauthorizedAccessException($"{there} is {(new FileInfo(there).ResolveLinkTarget(returnFinalTarget: true) is { Exists: false } ? "a link to nothing" : "a file")}, so nothing can be written below it; give another folder.");
            }

            there = parent;
        }

        if (Directory.Exists(there))
        {
            using var probe = Create(Path.Combine(there, $"{Environment.ProcessId}-{Guid.NewGuid():N}.tmp"), FileOptions.DeleteOnClose);
        }
    }

    private static FileStream Create(string path, FileOptions options)
    {
        try
        {
            return new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 1 << 16, options);
        }
        catch (Exception exception) when (exception is UnauthorizedAccessException or FileNotFoundException or DirectoryNotFoundException or IOException { HResult: ReadOnlyFileSystem })
        {
            throw new UnauthorizedAccessException($"{Path.GetDirectoryName(path)} can't be written to; make it writable, or give another folder.", exception);
        }
    }

    /// <summary>Writes a text file in UTF-8 without a byte order mark.</summary>
    /// <param name="path">The file.</param>
    /// <param name="text">Its content.</param>
    public static void WriteText(string path, string text) =>
        Write(path, stream => stream.Write(new System.Text.UTF8Encoding(encoderShouldEmitUTF8Identifier: false).GetBytes(text)));
}
