using System.Runtime.Versioning;

namespace Jigsaw.Native;

/// <summary>Folders that only the user can write to, for code that is going to be loaded.</summary>
[SupportedOSPlatform("linux")]
internal static class PrivateFolder
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode OthersWrite = UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;

    /// <summary>The user's cache folder, and the temporary folder for users without a home.</summary>
    public static IReadOnlyList<string> Candidates()
    {
        var folders = new List<string>();
        if (Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { } cache && Path.IsPathFullyQualified(cache))
        {
            folders.Add(Path.Combine(cache, "jigsaw", "native"));
        }

        if (Environment.GetFolderPath(Environment.SpecialFolder.UserProfile, Environment.SpecialFolderOption.DoNotVerify) is { Length: > 0 } home)
        {
            folders.Add(Path.Combine(home, ".cache", "jigsaw", "native"));
        }

        folders.Add(Path.Combine(Path.GetTempPath(), $"jigsaw-native-{FileOwner.CurrentUser}"));
        return folders;
    }

    /// <summary>Creates the folder if it does not exist, and returns its path without links once it is certain that no one else can change its contents.</summary>
    /// <param name="folder">An absolute path.</param>
    /// <exception cref="IOException">The folder can't be created, or someone else can write to it or to one above it.</exception>
    public static string Open(string folder)
    {
        Make(folder);
        if (new DirectoryInfo(folder).LinkTarget is not null)
        {
            throw new IOException("the folder is a link");
        }

        var path = FileOwner.RealPath(folder);
        if (FileOwner.Of(path) != FileOwner.CurrentUser)
        {
            throw new IOException("the folder belongs to another user");
        }

        if ((File.GetUnixFileMode(path) & OthersWrite) != 0)
        {
            throw new IOException("others can write to the folder");
        }

        for (var above = Path.GetDirectoryName(path); above is not null; above = Path.GetDirectoryName(above))
        {
            var mode = File.GetUnixFileMode(above);
            var owner = FileOwner.Of(above);
            if ((owner != FileOwner.CurrentUser && owner != FileOwner.Root) || ((mode & OthersWrite) != 0 && (mode & UnixFileMode.StickyBit) == 0))
            {
                throw new IOException($"others can write to '{above}'");
            }
        }

        return path;
    }

    private static void Make(string folder)
    {
        try
        {
            Directory.CreateDirectory(folder, OwnerOnly);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The system's own message says that a file is missing, whatever the cause.
            throw new IOException("the folder can't be created", exception);
        }
    }
}
