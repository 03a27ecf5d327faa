using System.Text.Json;
using Jigsaw.Checkpoints;

namespace Jigsaw.Gguf;

/// <summary>
/// llama.cpp's name for how a tokenizer splits texts. Its own converter compares hashes of the ids of a test text, which depend on the vocabulary; here the steps themselves are compared, so a tokenizer that
/// was trained anew in a known way is known, too.
/// </summary>
internal static class GgufPreTokenizer
{
    private const string Contractions = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
    private const string Rest = @" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    // The steps, and llama.cpp's name.
    private static readonly Dictionary<string, string> _known = new(StringComparer.Ordinal)
    {
        ["bytes+words"] = "gpt-2",
        ["digits bytes+words"] = "smollm",
        [$@"split:{Contractions}|[^\r\n\p{{L}}\p{{N}}]?\p{{L}}+|\p{{N}}{{1,3}}|{Rest} bytes"] = "llama-bpe",
        [$@"split:{Contractions}|[^\r\n\p{{L}}\p{{N}}]?\p{{L}}+|\p{{N}}|{Rest} bytes"] = "qwen2",
        [@"split:[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+ bytes"] = "tekken",
    };

    /// <summary>The name for a byte-level tokenizer.</summary>
    /// <exception cref="CheckpointException">llama.cpp has no name for what it does, as far as is known here.</exception>
    public static string NameOf(string path, JsonFields root)
    {
        // llama.cpp doesn't normalize; of NFC alone it is known that its own converter leaves it out.
        var normalizer = root.Object("normalizer")?.Text("type");
        return normalizer is null or "NFC" && _known.TryGetValue(string.Join(' ', Steps(root.Object("pre_tokenizer"))), out var name)
            ? name
            : throw new CheckpointException(path, $"splits texts in a way that llama.cpp has no name for, as far as is known here; known are the ways of {string.Join(", ", _known.Values)}. Serve the model by a merged checkpoint, or export it without tokenizer.json beside it: embeddings need none.");
    }

    /// <summary>True if a SentencePiece-like tokenizer puts a space before a text.</summary>
    public static bool AddsSpace(string path, JsonFields root)
    {
        var normalizers = Parts(root.Object("normalizer"), "normalizers").ToArray();
        var metaspace = Parts(root.Object("pre_tokenizer"), "pretokenizers").FirstOrDefault(part => part.Text("type") == "Metaspace");
        if (normalizers.FirstOrDefault(part => part.Text("type") is not ("Prepend" or "Replace")) is { } other)
        {
            throw new CheckpointException(path, $"has the normalizer '{other.Text("type")}', which llama.cpp's SentencePiece doesn't run; serve the model by a merged checkpoint.");
        }

        return normalizers.Any(part => part.Text("type") == "Prepend")
            || (metaspace is not null && (metaspace.Text("prepend_scheme") ?? (metaspace.Flag("add_prefix_space") == false ? "never" : "always")) != "never");
    }

    private static IEnumerable<string> Steps(JsonFields? splitter) => Parts(splitter, "pretokenizers").Select(part => part.Text("type") switch
    {
        "Digits" when part.Flag("individual_digits") == true => "digits",
        "ByteLevel" when part.Flag("add_prefix_space") == false => part.Flag("use_regex") == false ? "bytes" : "bytes+words",
        "Split" when part.Text("behavior") == "Isolated" && part.Flag("invert") != true => "split:" + part.Object("pattern")?.Text("Regex")?.Replace(@"\p{N}{1}", @"\p{N}", StringComparison.Ordinal),
        var other => $"{other}?",
    });

    private static IEnumerable<JsonFields> Parts(JsonFields? component, string name) =>
        component is null ? []
        : component.Find(name) is { ValueKind: JsonValueKind.Array } parts ? parts.EnumerateArray().SelectMany(part => Parts(new JsonFields(component.Path, part), name))
        : [component];
}
