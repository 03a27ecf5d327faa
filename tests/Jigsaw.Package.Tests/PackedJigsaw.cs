using System.IO.Compression;
using System.Reflection;

namespace Jigsaw.Package.Tests;

/// <summary>The package, packed from the build output, under a version that no other run uses; and an empty folder for programs that use it.</summary>
public sealed class PackedJigsaw : IAsyncLifetime
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("jigsaw-package-");

    public static string RepositoryRoot { get; } = Metadata("RepositoryRoot");

    public static string Configuration { get; } = Metadata("Configuration");

    public static string LibTorchVersion { get; } = Metadata("LibTorchVersion");

    public string Version { get; } = $"0.1.0-test.{Guid.NewGuid():N}";

    public string Feed => Path.Combine(_folder.FullName, "feed");

    public string Package => Path.Combine(Feed, $"Jigsaw.{Version}.nupkg");

    public string Symbols => Path.ChangeExtension(Package, ".snupkg");

    /// <summary>A <c>nuget.config</c> that finds the packages.</summary>
    public string Sources => $"""
        <configuration>
          <packageSources>
            <add key="local" value="{Feed}" />
          </packageSources>
        </configuration>
        """;

    public Task InitializeAsync() => Pack(Feed);

    public Task Pack(string folder) => Pack(folder, "src/Jigsaw");

    /// <summary>Packs another project of the repository under the same version.</summary>
    public async Task Pack(string folder, string project) =>
        await DotnetCommand.Succeed(RepositoryRoot, "pack", project, "-c", Configuration, "--no-build", "-o", folder, $"-p:PackageVersion={Version}", $"-p:NuspecOutputPath={NewFolder("nuspec")}");

    /// <summary>Makes an empty folder of a name.</summary>
    public string NewFolder(string name) => _folder.CreateSubdirectory(name).FullName;

    public static SortedDictionary<string, byte[]> Entries(string package)
    {
        using var archive = ZipFile.OpenRead(package);
        var entries = new SortedDictionary<string, byte[]>(StringComparer.Ordinal);
        foreach (var entry in archive.Entries)
        {
            using var stream = entry.Open();
            using var content = new MemoryStream();
            stream.CopyTo(content);
            entries.Add(entry.FullName, content.ToArray());
        }

        return entries;
    }

    public async Task DisposeAsync()
    {
        _folder.Delete(recursive: true);

        // A restore unpacks into the user's cache, where this version would stay forever.
        var listed = await DotnetCommand.Succeed(RepositoryRoot, "nuget", "locals", "global-packages", "--list");
        foreach (var name in (string[])["jigsaw", "jigsaw.prompts", "jigsaw.client", "jigsaw.commandline", "jigsaw.testing"])
        {
            var cached = new DirectoryInfo(Path.Combine(listed.Split(':', 2)[1].Trim(), name, Version));
            if (cached.Exists)
            {
                cached.Delete(recursive: true);
            }

            // What another version has put there stays.
            if (cached.Parent is { Exists: true } parent && !parent.EnumerateFileSystemInfos().Any())
            {
                parent.Delete();
            }
        }
    }

    private static string Metadata(string key) =>
        typeof(PackedJigsaw).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(attribute => attribute.Key == key).Value!;
}
