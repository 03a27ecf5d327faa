using System.Security.Cryptography;
using System.Text.Json;
using Jigsaw.Checkpoints;

namespace Jigsaw.Client.Bundles;

/// <summary>What is in a bundle: its files with their hashes, and which tokens are transformed.</summary>
internal sealed record BundleManifest
{
    private const int SupportedVersion = 1;
    private const long MostBytes = 1 << 20;

    /// <summary>Of the format.</summary>
    public int Version { get; init; } = SupportedVersion;

    /// <summary>Features of an embedding.</summary>
    public required int Features { get; init; }

    /// <summary>Rows of the embedding table.</summary>
    public required int Vocabulary { get; init; }

    /// <summary>Which tokens are transformed.</summary>
    public required NoiseScope Noise { get; init; }

    /// <summary>The other files, by name.</summary>
    public required IReadOnlyDictionary<string, BundledFile> Files { get; init; }

    /// <summary>Reads the manifest of a bundle.</summary>
    /// <exception cref="CheckpointException">There is none, or it isn't one.</exception>
    public static BundleManifest Read(string directory)
    {
        var path = Path.Combine(directory, ClientBundle.ManifestName);
        try
        {
            using var stream = RegularFile.OpenRead(path);
            if (stream.Length > MostBytes)
            {
                throw new CheckpointException(path, $"is {stream.Length} bytes long, more than the {MostBytes} that a manifest may have; export the bundle again.");
            }

            var manifest = JsonSerializer.Deserialize(stream, BundleJson.Default.BundleManifest);
            return manifest switch
            {
                not { Version: SupportedVersion } => throw new CheckpointException(path, $"is of version {manifest?.Version}, this library reads version {SupportedVersion}; export the bundle again."),
                { Noise: null } or { Files: null } => throw new CheckpointException(path, "lacks 'noise' or 'files'; export the bundle again."),
                _ => manifest,
            };
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new CheckpointException(path, "is not there, so the folder is not a whole bundle; write one with ClientBundle.Export.", exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException(path, RegularFile.Problem(exception), exception);
        }
        catch (JsonException exception)
        {
            throw new CheckpointException(path, $"is not a manifest (line {(exception.LineNumber ?? 0) + 1}, field '{exception.Path}'); export the bundle again.", exception);
        }
    }

    /// <summary>Writes the manifest.</summary>
    public void Write(string directory) => AtomicFile.WriteText(Path.Combine(directory, ClientBundle.ManifestName), JsonSerializer.Serialize(this, BundleJson.Default.BundleManifest) + "\n");

    /// <summary>Compares each file with its hash.</summary>
    /// <exception cref="CheckpointException">A file is missing or another one, or a file is there that the manifest doesn't name.</exception>
    public void Verify(string directory)
    {
        foreach (var (name, expected) in Files)
        {
            if (!ClientBundle.FileNames.Contains(name))
            {
                throw new CheckpointException(Path.Combine(directory, ClientBundle.ManifestName), $"names the file '{name}', which no bundle has; such a path is not opened.");
            }

            Verify(Path.Combine(directory, name), expected);
        }

        // What is read beside them must be hashed as well.
        foreach (var path in Directory.EnumerateFiles(directory).Where(path => Path.GetFileName(path) is var name && name != ClientBundle.ManifestName && !Files.ContainsKey(name)))
        {
            throw new CheckpointException(path, "is not in the bundle's manifest; remove it, or export the bundle again.");
        }
    }

    /// <summary>The hash of a file of a length; null if there is more, as in a device.</summary>
    private static string? Hash(FileStream stream, long length)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[1 << 20];
        var rest = length;
        for (int count; (count = stream.Read(buffer)) > 0;)
        {
            if ((rest -= count) < 0)
            {
                return null;
            }

            hash.AppendData(buffer, 0, count);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static void Verify(string path, BundledFile? expected)
    {
        try
        {
            using var stream = RegularFile.OpenRead(path);
            if (stream.Length != expected?.Bytes || Hash(stream, expected.Bytes) != expected.Sha256)
            {
                throw new CheckpointException(path, "is not the file that was exported: its length or SHA-256 differs from the manifest's; export the bundle again, or copy it anew.");
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException(path, $"is in the bundle's manifest and can't be read ({exception.Message}); copy the bundle anew.", exception);
        }
    }
}
