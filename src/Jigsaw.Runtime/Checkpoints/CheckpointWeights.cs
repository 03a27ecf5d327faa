using static TorchSharp.torch;

namespace Jigsaw.Checkpoints;

/// <summary>The weights of a checkpoint directory, open for reading, in one file or in shards.</summary>
internal sealed class CheckpointWeights : IDisposable
{
    private readonly SafetensorsFile[] _files;
    private readonly Dictionary<string, SafetensorsFile> _tensors = new(StringComparer.Ordinal);

    private CheckpointWeights(string directory, SafetensorsFile[] files)
    {
        Directory = directory;
        _files = files;
    }

    /// <summary>The directory.</summary>
    public string Directory { get; }

    /// <summary>The names of all tensors, file by file in the order of their bytes.</summary>
    public IEnumerable<string> Names => _files.SelectMany(file => file.Entries.Values.OrderBy(entry => entry.Offset).Select(entry => entry.Name));

    /// <summary>Opens the files of a checkpoint directory and checks their headers and the index; no tensor is read yet.</summary>
    /// <param name="directory">The directory.</param>
    /// <exception cref="CheckpointException">Not a checkpoint, or a file of it is not whole.</exception>
    public static CheckpointWeights Open(string directory)
    {
        var found = CheckpointFiles.Find(directory);
        var files = new List<SafetensorsFile>();
        try
        {
            foreach (var path in found.Weights)
            {
                if (!File.Exists(path))
                {
                    throw new CheckpointException(path, "is not there, though the index of the checkpoint names it; fetch it.");
                }

                files.Add(SafetensorsFile.Open(path));
            }

            var weights = new CheckpointWeights(directory, [.. files]);
            weights.Collect(found);
            return weights;
        }
        catch
        {
            files.ForEach(file => file.Dispose());
            throw;
        }
    }

    /// <summary>True if there is a tensor of this name.</summary>
    public bool Contains(string name) => _tensors.ContainsKey(name);

    /// <summary>What the header tells of a tensor.</summary>
    /// <exception cref="CheckpointException">There is no such tensor.</exception>
    public SafetensorsEntry Find(string name) => FileOf(name).Entries[name];

    /// <summary>Checks that there is a tensor of this name and shape.</summary>
    /// <exception cref="CheckpointException">There is no such tensor, or its shape is another.</exception>
    public void Require(string name, ReadOnlySpan<long> shape)
    {
        var file = FileOf(name);
        long[] stored = [.. file.Entries[name].Shape];
        if (!shape.SequenceEqual(stored))
        {
            throw new CheckpointException(file.Path, $"has the tensor '{name}' of shape ({string.Join(", ", stored)}), where config.json asks for ({string.Join(", ", shape.ToArray())}); config.json and weights are of different models.");
        }
    }

    /// <summary>Reads one tensor. It is in no dispose scope: the caller owns it.</summary>
    /// <exception cref="CheckpointException">There is no such tensor, or the file ended early.</exception>
    public Tensor Read(string name, Device device, ScalarType dtype) => FileOf(name).Read(name, device, dtype);

    /// <summary>Closes the files.</summary>
    public void Dispose()
    {
        foreach (var file in _files)
        {
            file.Dispose();
        }
    }

    private SafetensorsFile FileOf(string name) =>
        _tensors.TryGetValue(name, out var file)
            ? file
            : throw new CheckpointException(Directory, $"lacks the tensor '{name}' that its config.json asks for; the checkpoint is not whole, or its config.json is another model's.");

    private void Collect(CheckpointFiles found)
    {
        foreach (var file in _files)
        {
            var fileName = Path.GetFileName(file.Path);
            foreach (var name in file.Entries.Keys)
            {
                if (found.Index is { } index && (!index.TryGetValue(name, out var holder) || holder != fileName))
                {
                    throw new CheckpointException(file.Path, $"holds the tensor '{name}', which the index does not place there; the shards are of different checkpoints.");
                }

                if (!_tensors.TryAdd(name, file))
                {
                    throw new CheckpointException(file.Path, $"holds the tensor '{name}', which another shard holds too; the shards are of different checkpoints.");
                }
            }
        }

        if (found.Index?.Keys.FirstOrDefault(name => !_tensors.ContainsKey(name)) is { } missing)
        {
            throw new CheckpointException(Directory, $"lacks the tensor '{missing}' that its index names; fetch the shards again.");
        }
    }
}
