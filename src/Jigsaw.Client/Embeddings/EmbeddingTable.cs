using System.Globalization;
using System.Numerics.Tensors;
using Jigsaw.Checkpoints;

namespace Jigsaw.Client.Embeddings;

/// <summary>The embedding table of a checkpoint, of which rows are read as they are needed.</summary>
internal sealed class EmbeddingTable : IDisposable
{
    /// <summary>The table's name in the checkpoints of the families that Jigsaw reads.</summary>
    public const string TensorName = "model.embed_tokens.weight";

    private const int ChunkNumbers = 1 << 20;

    private readonly TensorReader _file;
    private readonly SafetensorsEntry _entry;

    /// <summary>Opens the table in a safetensors file.</summary>
    /// <exception cref="CheckpointException">The file is not one, or holds no table.</exception>
    public EmbeddingTable(string path)
    {
        _file = TensorReader.Open(path);
        try
        {
            _entry = _file.Require(TensorName);
            if (_entry.Shape is not [>= 1 and <= int.MaxValue, >= 1 and <= int.MaxValue])
            {
                throw new CheckpointException(path, $"has the tensor '{TensorName}' of shape ({string.Join(", ", _entry.Shape)}); an embedding table is a matrix (vocabulary, features).");
            }
        }
        catch
        {
            _file.Dispose();
            throw;
        }
    }

    /// <summary>The file that holds it.</summary>
    public string Path => _file.Path;

    /// <summary>Its element type in the file.</summary>
    public SafetensorsType Type => _entry.Type;

    /// <summary>Token ids that it has rows for.</summary>
    public int Vocabulary => (int)_entry.Shape[0];

    /// <summary>Features of an embedding.</summary>
    public int Features => (int)_entry.Shape[1];

    /// <summary>The type that x̃ is sent in by default: the table's own, or the nearest one.</summary>
    public EmbeddingType DefaultType => Type switch
    {
        SafetensorsType.BF16 => EmbeddingType.BFloat16,
        SafetensorsType.F16 => EmbeddingType.Float16,
        _ => EmbeddingType.Float32,
    };

    /// <summary>Opens the table in the directory of a checkpoint.</summary>
    public static EmbeddingTable Find(string modelDirectory)
    {
        var files = CheckpointFiles.Find(modelDirectory);
        if (files.Index is null)
        {
            return new EmbeddingTable(files.Weights[0]);
        }

        return files.Index.TryGetValue(TensorName, out var name)
            ? new EmbeddingTable(System.IO.Path.Combine(modelDirectory, name))
            : throw new CheckpointException(modelDirectory, $"has an index that names no file for '{TensorName}'; is it the checkpoint of another model?");
    }

    /// <summary>Reads the rows of token ids.</summary>
    /// <param name="ids">Token ids.</param>
    /// <param name="rows">One row for each, <see cref="Features"/> numbers.</param>
    /// <exception cref="ArgumentException">An id has no row.</exception>
    public void Read(ReadOnlySpan<int> ids, Span<float> rows)
    {
        byte[] buffer = [];
        for (var i = 0; i < ids.Length; i++)
        {
            if ((uint)ids[i] >= (uint)Vocabulary)
            {
                throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"Token {i} has the id {ids[i]}, and the embedding table has rows for 0 to {Vocabulary - 1}; use the tokenizer of the model."), nameof(ids));
            }

            _file.Read(_entry, (long)ids[i] * Features, rows.Slice(i * Features, Features), ref buffer);
        }
    }

    /// <summary>The median L2 norm of the rows; of an even number of rows the lower of the middle two. Reads the whole table once.</summary>
    public double MedianNorm()
    {
        var norms = new float[Vocabulary];
        var rowsAtOnce = Math.Max(1, ChunkNumbers / Features);
        var numbers = new float[Math.Min(rowsAtOnce, Vocabulary) * Features];
        byte[] buffer = [];
        for (var row = 0; row < Vocabulary; row += rowsAtOnce)
        {
            var count = Math.Min(rowsAtOnce, Vocabulary - row);
            _file.Read(_entry, (long)row * Features, numbers.AsSpan(0, count * Features), ref buffer);
            for (var i = 0; i < count; i++)
            {
                norms[row + i] = TensorPrimitives.Norm<float>(numbers.AsSpan(i * Features, Features));
            }
        }

        Array.Sort(norms);
        return norms[(norms.Length - 1) / 2];
    }

    /// <summary>Copies the table's bytes, as they are in the file.</summary>
    public void CopyTo(Stream stream)
    {
        var buffer = new byte[1 << 20];
        for (var at = 0L; at < _entry.ByteCount; at += buffer.Length)
        {
            var part = buffer.AsSpan(0, (int)Math.Min(buffer.Length, _entry.ByteCount - at));
            _file.ReadBytes(_entry, at, part);
            stream.Write(part);
        }
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => _file.Dispose();
}
