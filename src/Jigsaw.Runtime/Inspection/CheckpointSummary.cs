using Jigsaw.Checkpoints;
using Jigsaw.Models;
using Jigsaw.Models.Configuration;
using Jigsaw.Tokenization;

namespace Jigsaw.Inspection;

/// <summary>Describes a checkpoint directory from its JSON files and the headers of its weights only: quick for a model of any size, and without libtorch.</summary>
public sealed class CheckpointSummary
{
    private readonly List<string> _problems = [];

    private CheckpointSummary(string directory)
    {
        Directory = directory;
    }

    /// <summary>The directory.</summary>
    public string Directory { get; }

    /// <summary>What its config.json says; null if that can't be read or is not supported.</summary>
    public CausalLMConfig? Config { get; private set; }

    /// <summary>Number of weight files.</summary>
    public int FileCount { get; private set; }

    /// <summary>Bytes of all weights.</summary>
    public long ByteCount { get; private set; }

    /// <summary>Number of parameters in the files; the shared table of a tied model counts once.</summary>
    public long ParameterCount { get; private set; }

    /// <summary>Parameters by element type, under its name in a safetensors file: <c>BF16</c>, <c>F32</c>, …</summary>
    public IReadOnlyDictionary<string, long> ParametersByType { get; private set; } = new Dictionary<string, long>();

    /// <summary>The tokenizer; null if the directory has none or it is not supported.</summary>
    public Tokenizer? Tokenizer { get; private set; }

    /// <summary>What can't be read or is not supported, one sentence each; empty if Jigsaw supports everything.</summary>
    public IReadOnlyList<string> Problems => _problems;

    /// <summary>Reads a directory. Errors in one part are reported in <see cref="Problems"/>, and the rest is still read.</summary>
    /// <param name="directory">The directory.</param>
    public static CheckpointSummary Read(string directory)
    {
        ArgumentNullException.ThrowIfNull(directory);
        var summary = new CheckpointSummary(directory);
        summary.Try(() => summary.Config = CausalLMConfig.Read(directory));
        if (System.IO.Directory.Exists(directory))
        {
            summary.Try(summary.ReadWeights);
            summary.Try(summary.ReadTokenizer);
        }

        return summary;
    }

    private void ReadWeights()
    {
        using var weights = CheckpointWeights.Open(Directory);
        var entries = weights.Names.Select(weights.Find).ToArray();
        FileCount = CheckpointFiles.Find(Directory).Weights.Count;
        ByteCount = entries.Sum(entry => entry.ByteCount);
        ParameterCount = entries.Sum(entry => entry.ElementCount);
        ParametersByType = entries.GroupBy(entry => entry.Type).ToDictionary(group => group.Key.ToString(), group => group.Sum(entry => entry.ElementCount));
        if (Config is not null)
        {
            CausalLMTensors.Check(Config, weights);
        }
    }

    private void ReadTokenizer()
    {
        if (File.Exists(Path.Combine(Directory, "tokenizer.json")))
        {
            Tokenizer = Tokenizer.Load(Directory);
            Tokenizer.ChatTemplate?.Check();
        }
        else if (File.Exists(Path.Combine(Directory, "tokenizer.model")))
        {
            throw new CheckpointException(Directory, "has its tokenizer only in tokenizer.model; save it with transformers once, which writes the tokenizer.json that Jigsaw reads.");
        }
    }

    private void Try(Action read)
    {
        try
        {
            read();
        }
        catch (CheckpointException exception)
        {
            _problems.Add(exception.Message);
        }
    }
}
