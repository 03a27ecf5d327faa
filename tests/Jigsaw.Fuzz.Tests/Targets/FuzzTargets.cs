using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using Jigsaw.Client;
using Jigsaw.Fuzz.Tests.Mutations;
using Jigsaw.Tokenization;

namespace Jigsaw.Fuzz.Tests.Targets;

/// <summary>All kinds of files that are read from elsewhere.</summary>
internal static class FuzzTargets
{
    private static readonly string[] _jinja =
        ["{{", "}}", "{%", "%}", "{#", "#}", "-%}", "{%-", "(", ")", "[", "]", "{", "}", "|", ".", ",", ":", "=", "*", "**", "~", "if", "else", "for x in messages", "endfor", "endif", "set x =", "macro f()", "endmacro", "call f()", "endcall", "'x'", "messages", "range(99999)", "9999999999", "-1", "1e308", "none", "f()", "x", "loop", "recursive", "caller()", "tojson", "join", "replace('a', x)", "%s", "\\u0000", "\0"];

    /// <summary>The kinds, by name.</summary>
    public static IReadOnlyDictionary<string, FuzzTarget> All { get; } = Targets().Concat(DataTargets.All()).Concat(ProgramTargets.All()).ToDictionary(target => target.Name);

    /// <summary>The kind of a name, with the one that shows that faults are seen.</summary>
    public static FuzzTarget Named(string name) => name == HarmfulTarget.Name ? HarmfulTarget.Target : All[name];

    private static IEnumerable<FuzzTarget> Targets()
    {
        const string Model = "llama-tied-rope3";
        yield return new("config", GoodFiles.Copied(Model), "config.json", Json(), GoodFiles.RunModel);
        yield return new("index", GoodFiles.Copied(Model), "model.safetensors.index.json", Json(), GoodFiles.RunModel);
        yield return new("generation-config", GoodFiles.Copied(Model), "generation_config.json", Json(), GoodFiles.RunModel);
        yield return new("model", GoodFiles.Copied(Model), "model-00002-of-00003.safetensors", new ByteMutator(), GoodFiles.RunModel) { LeastRefused = 0.3 };
        yield return new("adapter-config", GoodFiles.SaveAdapter, "adapter_config.json", Json(), GoodFiles.RunAdapter);
        yield return new("adapter", GoodFiles.SaveAdapter, "adapter_model.safetensors", new ByteMutator(), GoodFiles.RunAdapter) { LeastRefused = 0.3 };

        string[] tokenizers = [.. Directory.GetDirectories(GoodFiles.Data("tokenizers")).Order(StringComparer.Ordinal).Select(folder => Slim(File.ReadAllText(Path.Combine(folder, "tokenizer.json"))))];
        yield return new("tokenizer", GoodFiles.Copied("tokenizers", "sentencepiece"), "tokenizer.json", new JsonMutator(tokenizers), GoodFiles.RunTokenizer) { Seeds = tokenizers };
        yield return new("tokenizer-config", Plain("byte-level-chatml"), "tokenizer_config.json", Json(), GoodFiles.RunTokenizer);
        string[] templates = [.. Directory.GetFiles(GoodFiles.Data("tokenizers"), "*.jinja", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(File.ReadAllText), .. Syntax()];
        yield return new("template", Plain("qwen2"), "chat_template.jinja", new TextMutator(_jinja, templates), GoodFiles.RunTokenizer) { Seeds = templates };

        yield return new("transform-config", GoodFiles.SaveTransform, "sgt_config.json", Json(), GoodFiles.RunTransform);
        yield return new("transform", GoodFiles.SaveTransform, "sgt.safetensors", new ByteMutator(), GoodFiles.RunTransform) { LeastRefused = 0.3 };
        yield return new("bundle-manifest", ExportBundle, "jigsaw_client.json", Json(), RunBundle);
        yield return new("bundle-transform-config", ExportBundle, "sgt_config.json", Json(), RunBundle) { Repair = RepairBundle };
        yield return new("bundle-transform", ExportBundle, "sgt.safetensors", new ByteMutator(), RunBundle) { Repair = RepairBundle };
        yield return new("bundle-table", ExportBundle, "embedding.safetensors", new ByteMutator(), RunBundle) { Repair = RepairBundle };

        yield return new("training", GoodFiles.SaveCheckpoint, "step-000002/training.json", Json(), GoodFiles.ResumeCheckpoint) { LeastRefused = 0.3 };
        yield return new("training-version-2", SaveUnhashed, "step-000002/training.json", Json(), GoodFiles.ResumeCheckpoint) { LeastRefused = 0.3 };
        yield return new("training-optimizer", GoodFiles.SaveCheckpoint, "step-000002/optimizer.safetensors", new ByteMutator(), GoodFiles.ResumeCheckpoint) { Repair = RepairCheckpoint };
        yield return new("hyperparameters", folder => FuzzRecipe.Defaults.Write(Path.Combine(folder, "numbers.json")), "numbers.json", Json(), folder => FuzzRecipe.Hyperparameters.Read(Path.Combine(folder, "numbers.json")));
    }

    private static JsonMutator Json() => new([]);

    /// <summary>A tokenizer with few merges, which loads fast.</summary>
    private static string Slim(string text)
    {
        var json = JsonNode.Parse(text)!;
        json["model"]!["merges"] = new JsonArray([.. json["model"]!["merges"]!.AsArray().Take(20).Select(merge => merge!.DeepClone())]);
        return json.ToJsonString();
    }

    /// <summary>A tokenizer without pattern and merges, most of whose time is that of the file beside it.</summary>
    private static Action<string> Plain(string name) => folder =>
    {
        GoodFiles.Copied("tokenizers", name)(folder);
        var path = Path.Combine(folder, "tokenizer.json");
        var json = JsonNode.Parse(File.ReadAllText(path))!;
        json["model"]!["merges"] = new JsonArray();
        json["pre_tokenizer"]!["pretokenizers"]!.AsArray().RemoveAt(0);
        File.WriteAllText(path, json.ToJsonString());
    };

    private static string[] Syntax()
    {
        using var document = JsonDocument.Parse(GoodFiles.Text("jinja", "syntax.json"));
        return [.. document.RootElement.GetProperty("cases").EnumerateArray().Select(entry => entry[0].GetString()!)];
    }

    private static void ExportBundle(string folder)
    {
        var transform = Directory.CreateDirectory(Path.Combine(folder, "..", Path.GetFileName(folder) + "-transform")).FullName;
        using (var model = Models.CausalLM.Load(GoodFiles.Data("support-lm"), TorchSharp.torch.CPU, TorchSharp.torch.ScalarType.Float32))
        using (var made = new Transforms.StainedGlassTransform(model.EmbeddingTable, new Transforms.TransformConfig(), seed: 1))
        {
            made.Save(transform);
        }

        ClientBundle.Export(GoodFiles.Data("support-lm"), transform, folder, new NoiseScope { Roles = ["user"] });
        Directory.Delete(transform, recursive: true);
    }

    private static void RunBundle(string folder)
    {
        using var transform = PromptTransform.Load(folder);
        var prompt = transform.Transform([new ChatMessage("user", "Where is my order?")]);
        foreach (var value in prompt.ToSingles())
        {
            if (!float.IsFinite(value))
            {
                throw new InvalidDataException("x̃ is not finite, and nothing said so.");
            }
        }
    }

    private static void RepairBundle(string folder)
    {
        var manifest = JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "jigsaw_client.json")))!;
        foreach (var (name, entry) in manifest["files"]!.AsObject())
        {
            var bytes = File.ReadAllBytes(Path.Combine(folder, name));
            foreach (var field in entry!.AsObject().Select(field => field.Key).ToArray())
            {
                entry[field] = entry[field]!.GetValueKind() == JsonValueKind.Number ? bytes.Length : Convert.ToHexStringLower(SHA256.HashData(bytes));
            }
        }

        File.WriteAllText(Path.Combine(folder, "jigsaw_client.json"), manifest.ToJsonString());
    }

    /// <summary>A checkpoint whose description has no hash of itself, so that all it says is tried.</summary>
    private static void SaveUnhashed(string folder)
    {
        GoodFiles.SaveCheckpoint(folder);
        Unhash(Path.Combine(folder, "step-000002", "training.json"));
    }

    private static void Unhash(string path)
    {
        var training = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
        training["Version"] = 2;
        training.Remove("Sha256");
        File.WriteAllText(path, training.ToJsonString());
    }

    private static void RepairCheckpoint(string folder)
    {
        var path = Path.Combine(folder, "step-000002", "training.json");
        Unhash(path);
        var training = JsonNode.Parse(File.ReadAllText(path))!;
        training["Files"]!["optimizer.safetensors"] = Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(Path.Combine(folder, "step-000002", "optimizer.safetensors"))));
        File.WriteAllText(path, training.ToJsonString());
    }
}
