using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Jigsaw.Checkpoints;

/// <summary>
/// Opens what must be a file. In its place a folder from elsewhere can have a named pipe, which waits for ever to be opened, or a link to a device without an end, such as <c>/dev/zero</c>; both are an <see cref="IOException"/>.
/// </summary>
internal static class RegularFile
{
    private const string Sentence = "it is a pipe or a device, and a file belongs there";

    /// <summary>Opens a file to read it.</summary>
    public static FileStream OpenRead(string path, int bufferSize = 4096)
    {
        Require(path);
        return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize);
    }

    /// <summary>Reads a file of text.</summary>
    public static string ReadAllText(string path)
    {
        Require(path);
        return File.ReadAllText(path);
    }

    /// <summary>Refuses what is no file; what can't be opened at all is left to whoever reads it.</summary>
    /// <exception cref="IOException">It is a pipe, a socket or a device.</exception>
    public static void Require(string path)
    {
        if (!OperatingSystem.IsLinux() && !OperatingSystem.IsMacOS())
        {
            return;
        }

        // Of an opened pipe that nobody writes to, only a look without waiting tells what it is.
        var flags = OperatingSystem.IsLinux() ? 0x80800 : 0x1000004;
        using var handle = new SafeFileHandle(Open(Encoding.UTF8.GetBytes(path + '\0'), flags), ownsHandle: true);
        if (handle.IsInvalid || Directory.Exists(path))
        {
            return;
        }

        using var stream = new FileStream(handle, FileAccess.Read, bufferSize: 0);
        if (!stream.CanSeek || (stream.Length == 0 && stream.ReadByte() >= 0))
        {
            throw new IOException(Sentence);
        }
    }

    [DllImport("libc", EntryPoint = "open", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Open(byte[] path, int flags);
}
