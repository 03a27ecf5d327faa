using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Jigsaw.Checkpoints;
using Jigsaw.Client.Bundles;
using Jigsaw.Client.Embeddings;
using Jigsaw.Tokenization;
using Jigsaw.Transforms;

namespace Jigsaw.Client;

/// <summary>
/// The folder that a service needs to send transformed prompts: the embedding table alone of the model's weights, the transform, tokenizer and chat template, and a manifest with the
/// hash of each file and the tokens that are transformed. Nothing in it is a seed, and nothing in it goes to the server.
/// </summary>
public static class ClientBundle
{
    internal const string TableName = "embedding.safetensors";
    internal const string ManifestName = "jigsaw_client.json";

    /// <summary>The files that a bundle may have, besides its manifest.</summary>
    internal static IReadOnlyCollection<string> FileNames => [TableName, StoredTransform.ConfigName, StoredTransform.WeightsName, .. _tokenizerFiles];

    private static readonly string[] _tokenizerFiles = ["tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "chat_template.json", "chat_template.jinja"];

    /// <summary>Writes a bundle. The manifest is written last: a folder without one is not a bundle.</summary>
    /// <param name="modelDirectory">The Hugging Face checkpoint that the transform was trained for.</param>
    /// <param name="transformDirectory">Where the transform was saved to.</param>
    /// <param name="bundleDirectory">The bundle's folder; made when it isn't there.</param>
    /// <param name="scope">Which tokens are transformed: what training did.</param>
    /// <exception cref="CheckpointException">A file is missing or damaged, or the transform is of another model.</exception>
    /// <exception cref="IOException">The bundle's folder holds other files, or can't be written.</exception>
    public static void Export(string modelDirectory, string transformDirectory, string bundleDirectory, NoiseScope scope)
    {
        ArgumentException.ThrowIfNullOrEmpty(modelDirectory);
        ArgumentException.ThrowIfNullOrEmpty(transformDirectory);
        ArgumentException.ThrowIfNullOrEmpty(bundleDirectory);
        ArgumentNullException.ThrowIfNull(scope);
        RequireOwnFolder(bundleDirectory);

        // All is read before anything is written: what can't be loaded is not exported.
        using var table = EmbeddingTable.Find(modelDirectory);
        _ = TransformBlock.Read(transformDirectory, out var stored);
        PromptTransform.RequireSameModel(Path.Combine(transformDirectory, StoredTransform.ConfigName), stored, table, checkNorm: true);
        if (Tokenizer.Load(modelDirectory).ChatTemplate is null)
        {
            throw new CheckpointException(modelDirectory, "has no chat template, so no conversation could be rendered; add its chat_template.jinja.");
        }

        Directory.CreateDirectory(bundleDirectory);
        File.Delete(Path.Combine(bundleDirectory, ManifestName));
        var files = new SortedDictionary<string, BundledFile>(StringComparer.Ordinal) { [TableName] = Write(bundleDirectory, TableName, stream => WriteTable(table, stream)) };
        foreach (var name in _tokenizerFiles)
        {
            Copy(modelDirectory, name);
        }

        // Read and written again, not copied: files of old versions hold the seed of their noise.
        files[StoredTransform.ConfigName] = Write(bundleDirectory, StoredTransform.ConfigName, stream => stream.Write(Encoding.UTF8.GetBytes(stored.ToJson())));
        Copy(transformDirectory, StoredTransform.WeightsName);
        new BundleManifest
        {
            Features = table.Features,
            Vocabulary = table.Vocabulary,
            Noise = scope,
            Files = files,
        }.Write(bundleDirectory);

        void Copy(string directory, string name)
        {
            var source = Path.Combine(directory, name);
            if (File.Exists(source))
            {
                files[name] = Write(bundleDirectory, name, stream =>
                {
                    using var from = File.OpenRead(source);
                    from.CopyTo(stream);
                });
            }
            else
            {
                File.Delete(Path.Combine(bundleDirectory, name));
            }
        }
    }

    private static void RequireOwnFolder(string directory)
    {
        if (File.Exists(directory) || (Directory.Exists(directory) && Directory.EnumerateFileSystemEntries(directory).Any() && !File.Exists(Path.Combine(directory, ManifestName)) && !File.Exists(Path.Combine(directory, TableName))))
        {
            throw new IOException($"'{directory}' holds other files; name a folder of its own for the bundle.");
        }
    }

    private static BundledFile Write(string directory, string name, Action<Stream> write)
    {
        var path = Path.Combine(directory, name);
        AtomicFile.Write(path, write);
        using var stream = File.OpenRead(path);
        return new BundledFile(stream.Length, Convert.ToHexStringLower(SHA256.HashData(stream)));
    }

    private static void WriteTable(EmbeddingTable table, Stream stream)
    {
        var size = (long)table.Vocabulary * table.Features * SafetensorsHeader.SizeOf(table.Type);
        var header = string.Create(CultureInfo.InvariantCulture, $$$"""{"__metadata__":{"format":"pt"},"{{{EmbeddingTable.TensorName}}}":{"dtype":"{{{table.Type}}}","shape":[{{{table.Vocabulary}}},{{{table.Features}}}],"data_offsets":[0,{{{size}}}]}}""");
        var padded = Encoding.UTF8.GetBytes(header.PadRight((header.Length + 7) / 8 * 8));
        stream.Write(BitConverter.GetBytes((long)padded.Length));
        stream.Write(padded);
        table.CopyTo(stream);
    }
}
