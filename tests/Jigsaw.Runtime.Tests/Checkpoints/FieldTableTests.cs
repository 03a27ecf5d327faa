using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Jigsaw.Checkpoints;
using Jigsaw.Models.Configuration;
using Jigsaw.Models.Lora;

namespace Jigsaw.Runtime.Tests.Checkpoints;

/// <summary>Holds the tables of fields in docs/models.md against what the readers do with every field.</summary>
public sealed partial class FieldTableTests
{
    private const string Config = "config.json";
    private const string AdapterConfig = "adapter_config.json";

    /// <summary>A value that switches a field on, and that no reader minds where the field is ignored.</summary>
    private const int On = 7;

    [Theory]
    [InlineData(Config, 20, 8, 30)]
    [InlineData(AdapterConfig, 14, 8, 12)]
    public void Every_field_is_read_ignored_or_refused_as_the_table_says(string file, int read, int ignored, int refused)
    {
        var table = Table(file);
        Assert.True(table.Count(row => row.Value == "read") >= read && table.Count(row => row.Value == "ignored") >= ignored && table.Count(row => row.Value == "refused") >= refused);
        using var folder = new TemporaryFolder();
        var bases = Bases(file);
        var expected = Read(bases[0], folder.Path, file);
        foreach (var (field, treatment) in table)
        {
            switch (treatment)
            {
                case "ignored":
                    Assert.Equal((field, expected), (field, Read(With(bases[0], field, On), folder.Path, file)));
                    break;
                case "refused":
                    var refusal = Assert.Throws<CheckpointException>(() => Read(With(bases[0], field, On), folder.Path, file));
                    Assert.Contains($"'{field}' = 7", refusal.Message, StringComparison.Ordinal);
                    break;
                default:
                    // What is read makes another model of some file, or is an error of another kind of value.
                    JsonNode[] values = [On, "x", 1.5, true, new JsonObject { ["never"] = "meant" }];
                    Assert.True(
                        bases.Any(good => values.Any(value => ReadOrRefusal(With(good, field, value), folder.Path, file) != Read(good, folder.Path, file))),
                        $"'{field}' changes nothing");
                    break;
            }
        }
    }

    private static JsonObject With(JsonObject good, string field, JsonNode value)
    {
        var changed = good.DeepClone().AsObject();
        changed[field] = value.DeepClone();
        return changed;
    }

    /// <summary>Files of which at least one reads every field: of both styles of transformers, and of a family with a window.</summary>
    private static JsonObject[] Bases(string file)
    {
        if (file == AdapterConfig)
        {
            return [Parsed("lora/patterns", file)];
        }

        var windowed = Parsed("qwen2", file);
        windowed.Remove("layer_types");
        windowed["use_sliding_window"] = true;
        windowed["sliding_window"] = 4;
        windowed["max_window_layers"] = 1;
        return [Parsed("llama-gqa", file), Parsed("llama-old-config", file), windowed];
    }

    private static JsonObject Parsed(string name, string file) => JsonNode.Parse(File.ReadAllText(TestData.Path("models", name, file)))!.AsObject();

    private static string ReadOrRefusal(JsonObject json, string directory, string file)
    {
        try
        {
            return Read(json, directory, file);
        }
        catch (CheckpointException exception)
        {
            return exception.Message;
        }
    }

    private static string Read(JsonObject json, string directory, string file)
    {
        File.WriteAllText(Path.Combine(directory, file), json.ToJsonString());
        return System.Text.Json.JsonSerializer.Serialize<object>(file == Config ? CausalLMConfig.Read(directory) : LoraConfig.Read(directory));
    }

    private static Dictionary<string, string> Table(string file, [CallerFilePath] string here = "")
    {
        var docs = File.ReadAllText(Path.Combine(Path.GetDirectoryName(here)!, "..", "..", "..", "docs", "models.md"));
        var start = docs.IndexOf($"| field of `{file}` |", StringComparison.Ordinal);
        Assert.True(start >= 0, $"docs/models.md has no table of the fields of {file}");
        var end = docs.IndexOf("\n\n", start, StringComparison.Ordinal);
        return Row().Matches(docs[start..end]).ToDictionary(row => row.Groups[1].Value, row => row.Groups[2].Value);
    }

    [GeneratedRegex(@"^\| `([a-z_]+)` \|.*\| (read|ignored|refused) \|\r?$", RegexOptions.Multiline)]
    private static partial Regex Row();
}
