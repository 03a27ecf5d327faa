using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Jigsaw.Checkpoints;
using Jigsaw.Models.Decoder;
using static TorchSharp.torch;

namespace Jigsaw.Training;

/// <summary>
/// A checkpoint as <c>adapter/</c> in PEFT's format, <c>transform/</c>, <c>optimizer.safetensors</c> with the optimizer's tensors and the random
/// state, and <c>training.json</c> with the step, the settings, the numbers of the state and the SHA-256 of every other file and of itself.
/// </summary>
internal sealed partial class FolderCheckpointFormat : ICheckpointFormat
{
    private const int Version = 3;

    // The one before, which had no hash of itself.
    private const int UnhashedVersion = 2;

    private const string Description = "training.json";
    private const string AdapterFolder = "adapter";
    private const string TransformFolder = "transform";
    private const string TransformName = "sgt.safetensors";
    private const string OptimizerName = "optimizer.safetensors";

    public void Write(string directory, TrainingState state)
    {
        state.Adapters.Save(Path.Combine(directory, AdapterFolder));
        state.Transform.Save(Path.Combine(directory, TransformFolder));
        using (NewDisposeScope())
        {
            SafetensorsWriter.Write(Path.Combine(directory, OptimizerName), state.Tensors().Where(tensor => !IsTrained(tensor.Key)));
        }

        var stored = new Stored(Version, state.Step, new(state.Settings), new(state.Numbers()), Hashes(directory), Sha256: null);
        AtomicFile.WriteText(Path.Combine(directory, Description), Text(stored with { Sha256 = Hash(stored) }) + "\n");
    }

    public void Read(string directory, TrainingState state)
    {
        var stored = ReadDescription(directory);
        if (stored.Step < 1 || (TrainingCheckpoints.StepOf(directory) is { } named && named != stored.Step))
        {
            throw Damaged(directory, $"{Description} says that it is of step {stored.Step}");
        }

        state.RequireSettings(directory, stored.Settings);
        var hashes = ReadHashes(directory);
        foreach (var (file, hash) in stored.Files)
        {
            if (!hashes.TryGetValue(file, out var found) || found != hash)
            {
                throw Damaged(directory, $"{file} is {(found is null ? "missing" : "not what was written")}");
            }
        }

        using var scope = NewDisposeScope();
        var tensors = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        Add(TrainingState.StudentPrefix, Path.Combine(directory, AdapterFolder, IAdapters.WeightsName));
        Add(TrainingState.TransformPrefix, Path.Combine(directory, TransformFolder, TransformName));
        Add("", Path.Combine(directory, OptimizerName));
        state.Restore(directory, stored.Step, tensors, stored.Numbers);

        void Add(string prefix, string path)
        {
            using var file = SafetensorsFile.Open(path);
            foreach (var name in file.Entries.Keys)
            {
                tensors.Add(prefix + name, file.Read(name));
            }
        }
    }

    private static TrainingCheckpointException Damaged(string directory, string how, Exception? cause = null)
    {
        var before = TrainingCheckpoints.Before(directory);
        var remedy = before is null ? "There is none before it: start again in another folder." : $"Move it out of the folder, and the run resumes from the one before it, {before}; a program can resume from that by its name, too.";
        return new TrainingCheckpointException($"The checkpoint {directory} is damaged: {how}. {remedy}", cause!);
    }

    private static bool IsTrained(string name) =>
        name.StartsWith(TrainingState.StudentPrefix, StringComparison.Ordinal) || name.StartsWith(TrainingState.TransformPrefix, StringComparison.Ordinal);

    private static Stored ReadDescription(string directory)
    {
        Stored stored;
        try
        {
            stored = JsonSerializer.Deserialize(RegularFile.ReadAllText(Path.Combine(directory, Description)), CheckpointJson.Default.Stored) ?? throw new JsonException("it is empty");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException)
        {
            throw Damaged(directory, $"{Description} can't be read ({(exception is JsonException json ? JsonReason.Of(json) : exception.Message)})", exception);
        }

        if (stored is { Version: Version, Settings: not null, Numbers: not null, Files: not null } && stored.Sha256 != Hash(stored))
        {
            throw Damaged(directory, $"{Description} is not what was written");
        }

        return stored is { Version: Version or UnhashedVersion, Settings: not null, Numbers: not null, Files: not null }
            ? stored
            : throw new TrainingCheckpointException($"The checkpoint {directory} has version {stored.Version}, but this library reads version {Version}. Resume it with the library that wrote it, or start a new run in another folder.");
    }

    private static Dictionary<string, string> ReadHashes(string directory)
    {
        try
        {
            return Hashes(directory);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Damaged(directory, $"a file of it can't be read ({exception.Message})", exception);
        }
    }

    private static Dictionary<string, string> Hashes(string directory) =>
        Directory.EnumerateFiles(directory, "*", SearchOption.AllDirectories)
            .Select(file => (Path: file, Name: Path.GetRelativePath(directory, file).Replace('\\', '/')))
            .Where(file => file.Name != Description)
            .OrderBy(file => file.Name, StringComparer.Ordinal)
            .ToDictionary(file => file.Name, file => Hash(file.Path));

    private static string Text(Stored stored) => JsonSerializer.Serialize(stored, CheckpointJson.Default.Stored);

    /// <summary>The SHA-256 of all else that the description says.</summary>
    private static string Hash(Stored stored) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Text(stored with { Sha256 = null }))));

    private static string Hash(string path)
    {
        using var stream = RegularFile.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }

    [JsonSourceGenerationOptions(WriteIndented = true, NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals)]
    [JsonSerializable(typeof(Stored))]
    private sealed partial class CheckpointJson : JsonSerializerContext;

    private sealed record Stored(int Version, int Step, OrderedDictionary<string, string> Settings, OrderedDictionary<string, double> Numbers, Dictionary<string, string> Files, string? Sha256);
}
