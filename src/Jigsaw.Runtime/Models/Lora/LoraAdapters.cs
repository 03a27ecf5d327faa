using Jigsaw.Checkpoints;
using Jigsaw.Models.Decoder;
using Jigsaw.Tensors;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Jigsaw.Models.Lora;

/// <summary>
/// Low-rank adapters for a frozen base: the trained part of a student. They are passed to each run of the base and never merged into it during
/// training, so the teacher stays the base. Read and written in PEFT's format.
/// </summary>
public sealed class LoraAdapters : IAdapters
{
    internal const string KeyPrefix = "base_model.model.";
    internal const string DownSuffix = ".lora_A.weight";
    internal const string UpSuffix = ".lora_B.weight";

    private readonly Dictionary<string, LoraAdapter> _adapters;

    internal LoraAdapters(LoraConfig config, IEnumerable<LoraAdapter> adapters)
    {
        Config = config;
        _adapters = adapters.ToDictionary(adapter => adapter.Module, StringComparer.Ordinal);
    }

    /// <summary>The configuration that they were made from.</summary>
    public LoraConfig Config { get; }

    /// <summary>Full names of the modules that have an adapter, in the order of the model.</summary>
    public IEnumerable<string> Modules => _adapters.Keys;

    /// <summary>
    /// The parameters under PEFT's keys, such as <c>base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight</c>, in the order of the
    /// model: A of shape (rank, input) before B of shape (output, rank).
    /// </summary>
    public IEnumerable<(string Name, Parameter Value)> NamedParameters
    {
        get
        {
            foreach (var adapter in _adapters.Values)
            {
                yield return (KeyPrefix + adapter.Module + DownSuffix, adapter.Down);
                yield return (KeyPrefix + adapter.Module + UpSuffix, adapter.Up);
            }
        }
    }

    /// <summary>True if dropout, if the configuration has any, is applied in runs.</summary>
    public bool Training { get; set; }

    /// <inheritdoc/>
    public bool IsRandom => Training && Config.Dropout > 0;

    /// <summary>Makes fresh adapters: A uniform in ±1/√input (Kaiming with a = √5), B zero, so they change nothing yet.</summary>
    /// <param name="model">The base; the adapters are made on its device, float32, or float64 if the base is.</param>
    /// <param name="lora">Which modules, and of which rank.</param>
    /// <param name="seed">Seed of a separate generator; the values don't depend on the device.</param>
    /// <exception cref="ArgumentException">The configuration names no module of the model, or the LM head.</exception>
    public static LoraAdapters Create(CausalLM model, LoraConfig lora, long seed)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(lora);
        using var scope = NewDisposeScope();
        using var generator = new Generator((ulong)seed, CPU);
        var adapters = new List<LoraAdapter>();
        foreach (var (module, targets) in TargetsOf(model, lora))
        {
            var rank = targets.RankOf(module.Module);
            var bound = 1 / Math.Sqrt(module.InputSize);
            var down = rand(rank, module.InputSize, dtype: ScalarType.Float32, generator: generator).mul_(Scalars.Of(2 * bound)).sub_(Scalars.Of(bound));
            var up = zeros(module.OutputSize, rank, dtype: ScalarType.Float32);
            adapters.Add(Adapter(model, lora, targets, module, down, up));
        }

        return new LoraAdapters(lora, adapters);
    }

    /// <summary>Reads PEFT's <c>adapter_config.json</c> and <c>adapter_model.safetensors</c>.</summary>
    /// <param name="directory">The directory of the adapter.</param>
    /// <param name="model">The base; the adapters go to its device, float32, or float64 if the base is.</param>
    /// <exception cref="CheckpointException">A file is missing or damaged, doesn't match the model, or requires something unsupported.</exception>
    public static LoraAdapters Load(string directory, CausalLM model)
    {
        ArgumentNullException.ThrowIfNull(directory);
        ArgumentNullException.ThrowIfNull(model);
        var lora = LoraConfigFile.Read(directory);
        using var scope = NewDisposeScope();
        using var file = SafetensorsFile.Open(Path.Combine(directory, LoraConfigFile.WeightsName));
        try
        {
            var adapters = new List<LoraAdapter>();
            foreach (var (module, targets) in TargetsOf(model, lora))
            {
                var rank = targets.RankOf(module.Module);
                using var down = Read(file, KeyPrefix + module.Module + DownSuffix, [rank, module.InputSize]);
                using var up = Read(file, KeyPrefix + module.Module + UpSuffix, [module.OutputSize, rank]);
                adapters.Add(Adapter(model, lora, targets, module, down, up));
            }

            var result = new LoraAdapters(lora, adapters);
            var known = result.NamedParameters.Select(parameter => parameter.Name).ToHashSet(StringComparer.Ordinal);
            if (file.Entries.Keys.FirstOrDefault(name => !known.Contains(name)) is { } extra)
            {
                result.Dispose();
                throw new CheckpointException(file.Path, $"holds the tensor '{extra}', which the adapter_config.json next to it doesn't imply for this model; the adapter belongs to another model, or is of an unsupported kind.");
            }

            return result;
        }
        catch (ArgumentException exception)
        {
            throw new CheckpointException(Path.Combine(directory, LoraConfigFile.ConfigName), ArgumentSentence.Of(exception), exception);
        }
    }

    /// <summary>Writes <c>adapter_config.json</c> and <c>adapter_model.safetensors</c>, which PEFT loads.</summary>
    /// <param name="directory">The directory; created if it doesn't exist.</param>
    public void Save(string directory)
    {
        ArgumentNullException.ThrowIfNull(directory);
        Directory.CreateDirectory(directory);
        SafetensorsWriter.Write(
            Path.Combine(directory, LoraConfigFile.WeightsName),
            NamedParameters.Select(parameter => KeyValuePair.Create(parameter.Name, (Tensor)parameter.Value)),
            SafetensorsWriter.TorchMetadata);
        LoraConfigFile.Write(directory, Config, Modules);
    }

    /// <summary>Frees the adapters.</summary>
    public void Dispose()
    {
        foreach (var adapter in _adapters.Values)
        {
            adapter.Down.Dispose();
            adapter.Up.Dispose();
        }
    }

    /// <inheritdoc/>
    public ILinearAdapter? Find(string module) => _adapters.GetValueOrDefault(module);

    private static IEnumerable<(FrozenLinear Module, LoraTargets Targets)> TargetsOf(CausalLM model, LoraConfig lora)
    {
        var targets = new LoraTargets(lora);
        if (targets.Includes(CausalLM.HeadModule))
        {
            throw new ArgumentException($"An adapter on '{CausalLM.HeadModule}' was requested, but teacher and student share the LM head; remove it from the target modules.", nameof(lora));
        }

        var modules = model.Linears.Where(linear => targets.Includes(linear.Module)).ToArray();
        targets.CheckPatterns(modules.Select(module => module.Module));
        return modules.Length > 0
            ? modules.Select(module => (module, targets))
            : throw new ArgumentException($"No module of the model matches the target modules [{lora.TargetPattern ?? string.Join(", ", lora.TargetModules)}]; its modules are named like {string.Join(", ", model.Linears.Take(7).Select(linear => linear.Module))}.", nameof(lora));
    }

    private static LoraAdapter Adapter(CausalLM model, LoraConfig lora, LoraTargets targets, FrozenLinear module, Tensor down, Tensor up)
    {
        var dtype = model.DType == ScalarType.Float64 ? ScalarType.Float64 : ScalarType.Float32;
        return new LoraAdapter(module.Module, Trained(down), Trained(up), targets.ScaleOf(module.Module)) { Dropout = lora.Dropout };

        Parameter Trained(Tensor value)
        {
            var parameter = new Parameter(value.to(dtype, module.Weight.device, copy: true).detach());
            parameter.DetachFromDisposeScope();
            return parameter;
        }
    }

    private static Tensor Read(SafetensorsFile file, string name, long[] shape)
    {
        if (file.Entries.TryGetValue(name, out var entry) && !entry.Shape.SequenceEqual(shape))
        {
            throw new CheckpointException(file.Path, $"has the tensor '{name}' of shape ({string.Join(", ", entry.Shape)}), where configuration and model imply ({string.Join(", ", shape)}); the adapter belongs to another model.");
        }

        return file.Read(name);
    }
}
