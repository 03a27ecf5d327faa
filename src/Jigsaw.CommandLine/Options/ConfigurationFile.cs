using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Jigsaw.Checkpoints;

namespace Jigsaw.CommandLine.Options;

/// <summary>The options as a JSON object: each under its name on the command line, without the dashes.</summary>
internal static class ConfigurationFile
{
    /// <summary>What every run writes into its folder.</summary>
    internal const string Name = "run.json";

    /// <summary>The option whose texts are paths, one or several.</summary>
    internal const string DataKey = "data";

    private static readonly JsonSerializerOptions _indented = new() { WriteIndented = true };

    /// <summary>The file as parts of a command line.</summary>
    /// <param name="path">The file.</param>
    /// <param name="known">All options of the program that a file may name.</param>
    /// <param name="wanted">Those to return: the options of the verb that the command line doesn't give.</param>
    /// <exception cref="UsageException">It is no JSON object, names what no option is called, or gives what is no value.</exception>
    internal static IReadOnlyList<string> Read(string path, IReadOnlyCollection<Option> known, IReadOnlyCollection<Option> wanted) =>
        Tokens(path, Path.GetDirectoryName(Path.GetFullPath(path))!, Parse(path), known, wanted);

    /// <summary>An object of options as parts of a command line.</summary>
    /// <inheritdoc cref="Read"/>
    internal static IReadOnlyList<string> Tokens(string path, string folder, JsonObject options, IReadOnlyCollection<Option> known, IReadOnlyCollection<Option> wanted)
    {
        var tokens = new List<string>();
        foreach (var (name, value) in options)
        {
            var option = known.FirstOrDefault(option => Key(option) == name)
                ?? throw new UsageException($"{path} names '{name}', which is no option.{NearestName.Question(name, known.Select(Key))}");
            if (!wanted.Contains(option) || value is null)
            {
                continue;
            }

            if (value is JsonArray { Count: 0 } || (value is JsonValue empty && empty.TryGetValue<string>(out var written) && written.Length == 0))
            {
                throw new UsageException($"{path}: '{name}' is empty; remove it, or give it a value.");
            }

            if (option is Option<string[]> && value is JsonArray several && several.All(path => path?.GetValueKind() == JsonValueKind.String))
            {
                tokens.AddRange(several.Select(one => $"{option.Name}={(name == DataKey ? Path.GetFullPath(one!.GetValue<string>(), folder) : one!.GetValue<string>())}"));
                continue;
            }

            if (value is JsonObject numbers && Key(option) == "hyperparameters")
            {
                tokens.Add($"--hyperparameters-given={RecipeNumbers.Checked(path, numbers).ToJsonString()}");
                continue;
            }

            var text = value.GetValueKind() switch
            {
                JsonValueKind.String when option is Option<FileInfo> or Option<DirectoryInfo> || name == DataKey => Path.GetFullPath(value.GetValue<string>(), folder),
                JsonValueKind.String => value.GetValue<string>(),
                JsonValueKind.Number when option is not Option<bool> => value.ToJsonString(),
                JsonValueKind.True or JsonValueKind.False when option is Option<bool> => value.ToJsonString(),
                _ => throw new UsageException($"{path}: '{name}' is {value.ToJsonString()}; use {(option is Option<bool> ? "true or false" : "a text or a number")}."),
            };
            tokens.Add($"{option.Name}={text}");
        }

        return tokens;
    }

    /// <summary>Writes the options of a run.</summary>
    internal static void Write(string path, RunSettings settings) => AtomicFile.WriteText(path, settings.ToJson().ToJsonString(_indented) + "\n");

    /// <summary>The name of an option in the file.</summary>
    internal static string Key(Option option) => option.Name.TrimStart('-');

    /// <summary>Reads a JSON object.</summary>
    /// <exception cref="UsageException">The file is none.</exception>
    internal static JsonObject Parse(string path)
    {
        try
        {
            return StrictJson.ParseWritten(File.ReadAllText(path)) as JsonObject
                ?? throw new UsageException($"{path} is no JSON object; write {{ \"steps\": 100 }}.");
        }
        catch (JsonException exception)
        {
            throw new UsageException($"{path} is not JSON ({JsonReason.Of(exception)}); correct it there.");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new UsageException(Directory.Exists(path) ? $"{path} is a folder; name a file." : $"{path} can't be read: {exception.Message}");
        }
    }
}
