using Jigsaw.Checkpoints;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Jigsaw.Models.Decoder;

/// <summary>
/// The trained part of a student: adapters of a frozen base, which are passed to each run of it, so the teacher stays the base. Those of a <see cref="CausalLM"/>
/// adapt its linear maps, by <see cref="Find"/>; those of another model are whatever that model defines.
/// </summary>
public interface IAdapters : IDisposable
{
    /// <summary>The file that <see cref="Save"/> writes the tensors to.</summary>
    const string WeightsName = "adapter_model.safetensors";

    /// <summary>The trained tensors by name, always in the same order.</summary>
    IEnumerable<(string Name, Parameter Value)> NamedParameters { get; }

    /// <summary>True while the adapters are trained: dropout, if they have any, is applied.</summary>
    bool Training { get; set; }

    /// <summary>True if a run draws random numbers, so another run of the same input would differ, as with dropout in training.</summary>
    bool IsRandom => false;

    /// <summary>The adapter of a linear map of the base; null if it has none.</summary>
    /// <param name="module">The map's full name in the checkpoint, such as <c>model.layers.0.self_attn.q_proj</c>.</param>
    ILinearAdapter? Find(string module) => null;

    /// <summary>Writes the adapters: <see cref="NamedParameters"/> in <see cref="WeightsName"/>, and whatever else describes them.</summary>
    /// <param name="directory">The directory; created if it doesn't exist.</param>
    void Save(string directory)
    {
        ArgumentNullException.ThrowIfNull(directory);
        Directory.CreateDirectory(directory);
        SafetensorsWriter.Write(Path.Combine(directory, WeightsName), NamedParameters.Select(parameter => KeyValuePair.Create(parameter.Name, (Tensor)parameter.Value)));
    }
}
