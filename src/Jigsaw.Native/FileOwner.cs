using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace Jigsaw.Native;

/// <summary>The owner of a file, which .NET does not expose.</summary>
[SupportedOSPlatform("linux")]
internal static partial class FileOwner
{
    public const uint Root = 0;

    private const int CurrentDirectory = -100;
    private const int NoFollow = 0x100;
    private const uint OwnerMask = 0x8;
    private const int StatSize = 256;
    private const int OwnerOffset = 20;

    /// <summary>The effective user of this process.</summary>
    public static uint CurrentUser => EffectiveUser();

    /// <summary>The owner of a file or folder; of a link itself, not of what it points at.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="IOException">The file can't be examined.</exception>
    public static uint Of(string path)
    {
        // statx and not stat: the layout of its answer is the same on every architecture.
        var answer = new byte[StatSize];
        return Stat(CurrentDirectory, path, NoFollow, OwnerMask, answer) == 0
            ? BinaryPrimitives.ReadUInt32LittleEndian(answer.AsSpan(OwnerOffset))
            : throw new IOException($"the owner of '{path}' can't be determined: {Marshal.GetLastPInvokeErrorMessage()}");
    }

    /// <summary>The absolute path of a file, with all links resolved.</summary>
    /// <param name="path">The file, which must exist.</param>
    /// <exception cref="IOException">The path can't be resolved.</exception>
    public static string RealPath(string path)
    {
        var resolved = Resolve(path, 0);
        if (resolved == 0)
        {
            throw new IOException($"'{path}' can't be resolved: {Marshal.GetLastPInvokeErrorMessage()}");
        }

        try
        {
            return Marshal.PtrToStringUTF8(resolved)!;
        }
        finally
        {
            Free(resolved);
        }
    }

    [LibraryImport("libc", EntryPoint = "geteuid")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial uint EffectiveUser();

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Stat(int directory, string path, int flags, uint mask, [Out] byte[] answer);

    [LibraryImport("libc", EntryPoint = "realpath", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint Resolve(string path, nint resolved);

    [LibraryImport("libc", EntryPoint = "free")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial void Free(nint memory);
}
