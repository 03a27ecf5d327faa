using Jigsaw.Checkpoints;
using Jigsaw.Models.Decoder;
using Jigsaw.Models.Lora;

namespace Jigsaw.Inspection;

/// <summary>What a PEFT adapter is, without a base model.</summary>
public sealed class AdapterSummary
{
    private AdapterSummary(LoraConfig config, long parameterCount, int tensorCount) => (Config, ParameterCount, TensorCount) = (config, parameterCount, tensorCount);

    /// <summary>Its configuration.</summary>
    public LoraConfig Config { get; }

    /// <summary>Number of parameters in the file.</summary>
    public long ParameterCount { get; }

    /// <summary>Number of tensors in the file.</summary>
    public int TensorCount { get; }

    /// <summary>Reads what an adapter is.</summary>
    /// <param name="directory">Where <c>adapter_config.json</c> and <c>adapter_model.safetensors</c> are.</param>
    /// <exception cref="CheckpointException">A file is missing, damaged or not supported.</exception>
    public static AdapterSummary Read(string directory)
    {
        ArgumentNullException.ThrowIfNull(directory);
        var config = LoraConfig.Read(directory);
        using var file = SafetensorsFile.Open(Path.Combine(directory, IAdapters.WeightsName));
        return new AdapterSummary(config, file.Entries.Values.Sum(entry => entry.ElementCount), file.Entries.Count);
    }
}
