using System.Runtime.InteropServices;
using System.Text;

namespace Jigsaw.Checkpoints;

/// <summary>Writes the entries of a directory to the disk: a renamed file survives a loss of power only once its directory is there, too. .NET opens no directory, so this asks the C library; on Windows, the file system's journal does it.</summary>
internal static class DirectoryFlush
{
    private const int ReadOnly = 0;

    /// <summary>Flushes a directory. File systems that can't flush one are left alone.</summary>
    /// <param name="directory">The directory.</param>
    public static void Flush(string directory)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        var descriptor = Open(Encoding.UTF8.GetBytes(directory + "\0"), ReadOnly);
        if (descriptor >= 0)
        {
            _ = Synchronize(descriptor);
            _ = Close(descriptor);
        }
    }

    /// <summary>Flushes a directory and all below it.</summary>
    /// <param name="directory">The directory.</param>
    public static void FlushAll(string directory)
    {
        foreach (var below in Directory.EnumerateDirectories(directory))
        {
            FlushAll(below);
        }

        Flush(directory);
    }

    [DllImport("libc", EntryPoint = "open"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Open(byte[] path, int flags);

    [DllImport("libc", EntryPoint = "fsync"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Synchronize(int descriptor);

    [DllImport("libc", EntryPoint = "close"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Close(int descriptor);
}
