using System.Runtime.Versioning;

namespace Jigsaw.Native;

/// <summary>The copy of a library in a private folder.</summary>
[SupportedOSPlatform("linux")]
internal static class PatchedCopy
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode OthersWrite = UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;

    /// <summary>Returns a file with exactly these bytes: the existing one if it holds them and only the user can write it, otherwise a new one.</summary>
    /// <param name="folder">A folder that only the user can write to.</param>
    /// <param name="name">Name of the file.</param>
    /// <param name="content">What it must hold.</param>
    /// <returns>The path of the file.</returns>
    /// <exception cref="IOException">The file can't be written.</exception>
    public static string Place(string folder, string name, byte[] content)
    {
        var path = Path.Combine(folder, name);
        if (!IsIntact(path, content))
        {
            Write(path, content);
        }

        return path;
    }

    private static bool IsIntact(string path, byte[] content)
    {
        var file = new FileInfo(path);
        return file.Exists
            && file.LinkTarget is null
            && file.Length == content.Length
            && (file.UnixFileMode & OthersWrite) == 0
            && FileOwner.Of(path) == FileOwner.CurrentUser
            && File.ReadAllBytes(path).AsSpan().SequenceEqual(content);
    }

    private static void Write(string path, byte[] content)
    {
        // Renamed into place, so a process that starts at the same time sees either no file or a complete one.
        var temporary = $"{path}.{Guid.NewGuid():N}";
        try
        {
            using (var stream = new FileStream(temporary, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = OwnerOnly }))
            {
                stream.Write(content);
            }

            File.Move(temporary, path, overwrite: true);
        }
        finally
        {
            File.Delete(temporary);
        }
    }
}
