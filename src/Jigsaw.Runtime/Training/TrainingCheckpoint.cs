using System.Security.Cryptography;
using System.Text.Json;
using Jigsaw.Checkpoints;
using Jigsaw.Losses.Hyperparameters;
using Jigsaw.Models.Lora;
using Jigsaw.Transforms;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Jigsaw.Training;

/// <summary>
/// One checkpoint: <c>adapter/</c> in PEFT's format, <c>transform/</c>, <c>optimizer.safetensors</c> with AdamW's moments and the random
/// state, and <c>training.json</c> with the step, the options, the numbers of the recipe and the SHA-256 of every other file.
/// </summary>
public sealed class TrainingCheckpoint
{
    private const string Description = "training.json";
    private const string AdapterFolder = "adapter";
    private const string TransformFolder = "transform";
    private const string OptimizerName = "optimizer.safetensors";
    private const string RandomState = "random_state";

    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true };

    internal TrainingCheckpoint(string directory) => Directory = directory;

    /// <summary>Its folder.</summary>
    public string Directory { get; }

    internal static void Write(string directory, int step, TrainingOptions options, RecipeHyperparameters hyperparameters, StainedGlassTransform transform, LoraAdapters adapters, AdamW optimizer)
    {
        System.IO.Directory.CreateDirectory(directory);
        adapters.Save(Path.Combine(directory, AdapterFolder));
        transform.Save(Path.Combine(directory, TransformFolder));
        using (NewDisposeScope())
        {
            SafetensorsWriter.Write(Path.Combine(directory, OptimizerName), State(optimizer));
        }

        var stored = new Stored(step, Fingerprint(options), Numbers(hyperparameters), optimizer.state_dict().State.Cast<AdamW.State>().Select(state => state.step).ToArray(), Hashes(directory));
        AtomicFile.WriteText(Path.Combine(directory, Description), JsonSerializer.Serialize(stored, Json) + "\n");
    }

    internal int Restore(TrainingOptions options, RecipeHyperparameters hyperparameters, StainedGlassTransform transform, LoraAdapters adapters, AdamW optimizer)
    {
        var stored = ReadDescription();
        Compare("training option", stored.Options, Fingerprint(options));
        Compare("hyperparameter", stored.Hyperparameters, Numbers(hyperparameters));
        var hashes = Hashes(Directory);
        foreach (var (file, hash) in stored.Files)
        {
            if (!hashes.TryGetValue(file, out var found) || found != hash)
            {
                throw new TrainingCheckpointException($"The checkpoint {Directory} is damaged: {file} is {(found is null ? "missing" : "not what was written")}. Delete that folder to go on from the checkpoint before it.");
            }
        }

        RestoreAdapters(adapters);
        TransformFile.ReadParameters(Path.Combine(Directory, TransformFolder, TransformFile.WeightsName), transform);
        using (var saved = StainedGlassTransform.Load(Path.Combine(Directory, TransformFolder), transform.EmbeddingTable))
        {
            if (saved.Config != transform.Config || saved.Seed != transform.Seed)
            {
                throw new TrainingCheckpointException($"The checkpoint {Directory} is of a transform with another configuration or seed; resume with the one it was begun with: seed {saved.Seed}, {saved.Config}.");
            }

            transform.Samples = saved.Samples;
        }

        RestoreOptimizer(optimizer, stored.OptimizerSteps);
        return stored.Step;
    }

    private static IEnumerable<KeyValuePair<string, Tensor>> State(AdamW optimizer)
    {
        var states = optimizer.state_dict().State;
        for (var i = 0; i < states.Count; i++)
        {
            var state = (AdamW.State)states[i];
            yield return KeyValuePair.Create($"{i:D5}.exp_avg", state.exp_avg);
            yield return KeyValuePair.Create($"{i:D5}.exp_avg_sq", state.exp_avg_sq);
        }

        yield return KeyValuePair.Create(RandomState, random.get_rng_state());
    }

    private void RestoreAdapters(LoraAdapters adapters)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var file = SafetensorsFile.Open(Path.Combine(Directory, AdapterFolder, "adapter_model.safetensors"));
        foreach (var (name, parameter) in adapters.NamedParameters)
        {
            if (!file.Entries.TryGetValue(name, out var entry) || !entry.Shape.SequenceEqual(parameter.shape))
            {
                throw new TrainingCheckpointException($"The checkpoint {Directory} has other adapters than this training: {name} is missing or of another shape. Resume with the adapters it was begun with.");
            }

            parameter.copy_(file.Read(name, parameter.device, parameter.dtype));
        }
    }

    private void RestoreOptimizer(AdamW optimizer, long[] steps)
    {
        var states = optimizer.state_dict().State;
        if (states.Count != steps.Length)
        {
            throw new TrainingCheckpointException($"The checkpoint {Directory} has an optimizer of {steps.Length} tensors, this training one of {states.Count}; resume with the adapters and the transform it was begun with.");
        }

        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var file = SafetensorsFile.Open(Path.Combine(Directory, OptimizerName));
        for (var i = 0; i < states.Count; i++)
        {
            var state = (AdamW.State)states[i];
            state.step = steps[i];
            state.exp_avg.copy_(file.Read($"{i:D5}.exp_avg", state.exp_avg.device, state.exp_avg.dtype));
            state.exp_avg_sq.copy_(file.Read($"{i:D5}.exp_avg_sq", state.exp_avg_sq.device, state.exp_avg_sq.dtype));
        }

        random.set_rng_state(file.Read(RandomState));
    }

    private Stored ReadDescription()
    {
        var path = Path.Combine(Directory, Description);
        try
        {
            return JsonSerializer.Deserialize<Stored>(File.ReadAllText(path), Json) ?? throw new JsonException("it is empty");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new TrainingCheckpointException($"The checkpoint {Directory} is damaged: {Description} can't be read ({exception.Message}). Delete that folder to go on from the checkpoint before it.", exception);
        }
    }

    private void Compare(string what, IReadOnlyDictionary<string, string> stored, IReadOnlyDictionary<string, string> now)
    {
        foreach (var (name, value) in stored)
        {
            var other = now.GetValueOrDefault(name, "absent");
            if (other != value)
            {
                throw new TrainingCheckpointException($"The checkpoint {Directory} was made with the {what} {name} = {value}, now it is {other}. Resume with {value}, or begin anew in another folder.");
            }
        }
    }

    private static Dictionary<string, string> Fingerprint(TrainingOptions options) =>
        Flatten(JsonSerializer.SerializeToElement(options with { CheckpointDirectory = null, CheckpointEvery = 1 }).EnumerateObject().Select(property => (property.Name, (object?)property.Value.ToString())));

    private static Dictionary<string, string> Numbers(RecipeHyperparameters hyperparameters) =>
        Flatten(hyperparameters.ToDictionary().Select(pair => (pair.Key, pair.Value)));

    private static Dictionary<string, string> Flatten(IEnumerable<(string Name, object? Value)> values) =>
        values.ToDictionary(pair => pair.Name, pair => Convert.ToString(pair.Value, System.Globalization.CultureInfo.InvariantCulture) ?? "null");

    private static Dictionary<string, string> Hashes(string directory) =>
        System.IO.Directory.EnumerateFiles(directory, "*", SearchOption.AllDirectories)
            .Select(file => (Path: file, Name: Path.GetRelativePath(directory, file).Replace('\\', '/')))
            .Where(file => file.Name != Description)
            .OrderBy(file => file.Name, StringComparer.Ordinal)
            .ToDictionary(file => file.Name, file => Hash(file.Path));

    private static string Hash(string path)
    {
        using var stream = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }

    private sealed record Stored(int Step, Dictionary<string, string> Options, Dictionary<string, string> Hyperparameters, long[] OptimizerSteps, Dictionary<string, string> Files);
}
