using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Jigsaw.Checkpoints;

/// <summary>
/// Opens what must be a file. In its place a folder from elsewhere can have a named pipe, which waits forever to be opened, a link to a device without an end, such as <c>/dev/zero</c>, or what Git LFS left in place of the file.
/// </summary>
internal static class RegularFile
{
    private const int MostPointer = 1024;

    /// <summary>Opens a file to read it.</summary>
    /// <exception cref="IOException">It can't be opened, or is none.</exception>
    public static FileStream OpenRead(string path, int bufferSize = 4096)
    {
        Require(path);
        var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize);
        if (IsPointer(stream))
        {
            stream.Dispose();
            throw new NotAFileException("it is a pointer of Git LFS in place of the file; fetch the file with git lfs pull");
        }

        return stream;
    }

    /// <summary>Reads a file of text.</summary>
    /// <param name="path">The file.</param>
    /// <param name="isStrict">True if what is not UTF-8 is a <see cref="DecoderFallbackException"/>.</param>
    public static string ReadAllText(string path, bool isStrict = false)
    {
        using var reader = new StreamReader(OpenRead(path), new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: isStrict));
        return reader.ReadToEnd();
    }

    /// <summary>Why a file can't be read, as the end of a sentence that begins with it.</summary>
    public static string Problem(Exception exception) => exception switch
    {
        NotAFileException => $"can't be read: {exception.Message}.",
        FileNotFoundException or DirectoryNotFoundException => "can't be read (it is not there, or is a link to what is not there); fetch it again.",
        _ => $"can't be read ({exception.Message.TrimEnd('.')}); look at its rights, and at who else has it open.",
    };

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
            throw new NotAFileException("it is a pipe or a device; put a file there");
        }
    }

    private static bool IsPointer(FileStream stream)
    {
        var begin = "version https://git-lfs.github.com/spec/"u8;
        Span<byte> bytes = stackalloc byte[begin.Length];
        var isPointer = stream.Length < MostPointer && stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false) == bytes.Length && bytes.SequenceEqual(begin);
        stream.Position = 0;
        return isPointer;
    }

    [DllImport("libc", EntryPoint = "open", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Open(byte[] path, int flags);
}
