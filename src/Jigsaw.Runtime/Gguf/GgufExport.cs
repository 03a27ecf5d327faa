using Jigsaw.Checkpoints;
using Jigsaw.Models;
using Jigsaw.Models.Decoder;
using Jigsaw.Models.Lora;
using Jigsaw.Tensors;
using static TorchSharp.torch;

namespace Jigsaw.Gguf;

/// <summary>
/// Writes models and adapters as llama.cpp reads them: GGUF, version 3, for the families llama, mistral, qwen2 and qwen3. What llama.cpp would compute otherwise is refused. Written under another name,
/// flushed and renamed, so a reader sees the old file or the whole new one.
/// </summary>
/// <remarks>Format: ggml's docs/gguf.md; names, order of rows and tokenizers: llama.cpp's convert_hf_to_gguf and convert_lora_to_gguf.</remarks>
public static class GgufExport
{
    /// <summary>Writes a model, with its tokenizer and chat template where its checkpoint has them.</summary>
    /// <param name="path">The file.</param>
    /// <param name="model">The model. Load it as Float32 to round its weights, and those that adapters are added into, once: here.</param>
    /// <param name="type">What matrices are written as.</param>
    /// <param name="adapters">Adapters to add into the written weights; the model itself is unchanged.</param>
    /// <exception cref="NotSupportedException">llama.cpp would compute something else for this configuration.</exception>
    /// <exception cref="CheckpointException">The tokenizer splits texts in a way that llama.cpp has no name for, or a number is too large for the type.</exception>
    /// <exception cref="InvalidOperationException">Adapters are given that are merged into the model already.</exception>
    public static void WriteModel(string path, CausalLM model, GgufType type, IAdapters? adapters = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(model);
        if (model.IsMerged && adapters is not null)
        {
            throw new InvalidOperationException("Adapters are merged into this model, so they would be added a second time; call Unmerge() first, or export it without adapters.");
        }

        var architecture = new GgufArchitecture(model.Config);
        using var metadata = General(architecture, "model", model.CheckpointDirectory);
        metadata.Add("general.file_type", FileType(type));
        metadata.Add("general.quantization_version", 2);
        architecture.AddTo(metadata);
        GgufVocabulary.AddTo(metadata, model.CheckpointDirectory, model.Config);
        var tensors = model.NamedWeights(adapters).Select(tensor => Of(architecture, tensor, type)).ToList();
        if (architecture.RopeFactors is { } factors)
        {
            tensors.Add(new GgufTensor("rope_freqs.weight", [factors.Length], GgufTensorType.F32, () => tensor(factors)));
        }

        GgufWriter.Write(path, metadata, tensors);
    }

    /// <summary>Writes low-rank adapters for a base that <see cref="WriteModel"/> or llama.cpp's own converter wrote.</summary>
    /// <param name="path">The file.</param>
    /// <param name="model">The base that the adapters are for.</param>
    /// <param name="adapters">The adapters.</param>
    /// <param name="type">What their matrices are written as. Rows as long as the rank stay Float16 for <see cref="GgufType.Q8"/>.</param>
    /// <exception cref="NotSupportedException">llama.cpp would compute something else for this configuration.</exception>
    public static void WriteAdapters(string path, CausalLM model, LoraAdapters adapters, GgufType type)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(adapters);
        var architecture = new GgufArchitecture(model.Config);
        var found = adapters.Modules.Select(module => (Module: module, Adapter: (ILowRankAdapter)adapters.Find(module)!)).ToArray();

        // llama.cpp scales each by alpha / rank with one alpha; what differs goes into B.
        var alpha = found.Select(entry => entry.Adapter.Scale * entry.Adapter.Down.shape[0]).FirstOrDefault(scale => scale > 0, 1);
        using var metadata = General(architecture, "adapter", model.CheckpointDirectory);
        metadata.Add("general.file_type", FileType(type));
        metadata.Add("adapter.type", "lora");
        metadata.Add("adapter.lora.alpha", alpha);
        var tensors = new List<GgufTensor>();
        foreach (var (module, adapter) in found)
        {
            var name = GgufArchitecture.NameOf(module + ".weight");
            var (down, up) = (adapter.Down.shape, adapter.Up.shape);
            tensors.Add(new GgufTensor(name + ".lora_a", down, GgufTensor.TypeOf(type, down), adapter.Down.alias));
            tensors.Add(new GgufTensor(name + ".lora_b", up, GgufTensor.TypeOf(type, up), () => Up(adapter, alpha, architecture.HeadsToInterleave(module))));
        }

        GgufWriter.Write(path, metadata, tensors);
    }

    private static GgufMetadata General(GgufArchitecture architecture, string kind, string directory)
    {
        var metadata = new GgufMetadata();
        metadata.Add("general.architecture", architecture.Name);
        metadata.Add("general.type", kind);
        metadata.Add("general.name", Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(directory))));
        return metadata;
    }

    private static int FileType(GgufType type) => type switch
    {
        GgufType.Float32 => 0,
        GgufType.Float16 => 1,
        GgufType.BFloat16 => 32,
        GgufType.Q8 => 7,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "There is no such type; use Float32, Float16, BFloat16 or Q8."),
    };

    private static GgufTensor Of(GgufArchitecture architecture, CheckpointTensor tensor, GgufType type)
    {
        var heads = architecture.HeadsToInterleave(tensor.Name[..tensor.Name.LastIndexOf('.')]);
        return new GgufTensor(GgufArchitecture.NameOf(tensor.Name), tensor.Shape, GgufTensor.TypeOf(type, tensor.Shape), heads is { } count ? Make : tensor.Make);

        Tensor Make()
        {
            using var scope = NewDisposeScope();
            return Interleaved(tensor.Make(), heads!.Value).MoveToOuterDisposeScope();
        }
    }

    private static Tensor Up(ILowRankAdapter adapter, double alpha, int? heads)
    {
        using var scope = NewDisposeScope();
        var scale = adapter.Scale * adapter.Down.shape[0] / alpha;
        var up = scale == 1 ? adapter.Up.alias() : adapter.Up * Scalars.Of(scale);
        return (heads is { } count ? Interleaved(up, count) : up).MoveToOuterDisposeScope();
    }

    /// <summary>Rows i and i + half of each head side by side.</summary>
    private static Tensor Interleaved(Tensor rows, int heads)
    {
        var shape = rows.shape;
        return rows.reshape([heads, 2, shape[0] / heads / 2, .. shape[1..]]).transpose(1, 2).reshape(shape);
    }
}
