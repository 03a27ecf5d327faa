using System.Text.Json.Nodes;

namespace Jigsaw.Runtime.Tests.Tokenization;

/// <summary>Tokenizers that are put together of the parts that tokenizer.json can have, on the vocabularies of the test data.</summary>
internal static class TokenizerVariants
{
    private const string Llama3 = @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
    private const string Llama4 = @"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+";
    private const string DeepSeek = @"[!""#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    /// <summary>The parts by name, with the data's tokenizer that they replace those of.</summary>
    public static IReadOnlyDictionary<string, (string Base, string Parts)> All { get; } = new Dictionary<string, (string, string)>
    {
        ["llama 3"] = ("qwen2", Patterns((Llama3, "Isolated", false))),
        ["llama 4"] = ("qwen2", Patterns((Llama4, "Isolated", false))),
        ["deepseek 3"] = ("qwen2", Patterns((@"\p{N}{1,3}", "Isolated", false), ("[一-龥぀-ゟ゠-ヿ]+", "Isolated", false), (DeepSeek, "Isolated", false))),
        ["deepseek llm"] = ("qwen2", Patterns((@"[\r\n]", "Isolated", false), (@"\s?[A-Za-zµÀ-ÖØ-öø-ƺƼ-ƿǄ-ʓʕ-ʯͰ-ͳͶͷͻ-ͽͿΆΈ-ΊΌΎ-ΡΣ-ϵϷ-ҁҊ-ԯԱ-Ֆ𐐀-𐑏]+", "Isolated", false), (@"\s?[!-/:-~！-／：-～‘-‟　-。]+", "Isolated", false), (@"\s+$", "Isolated", false), ("[一-龥ࠀ-一가-퟿]+", "Isolated", false), (@"\p{N}+", "Isolated", false))),
        ["anchors"] = ("qwen2", Patterns((@"^\s*\w+|\s+$|\bx|\Aa|z\z", "Isolated", false))),
        ["posix"] = ("qwen2", Patterns((@"[[:alpha:]]+|[[:digit:]_]+|[^[:space:][:alnum:]]++|\h?", "Isolated", false))),
        ["possessive"] = ("qwen2", Patterns((@"\p{L}++\d?+|a*+b|\s++(?!\S)|[^\p{L}]{2,4}", "Isolated", false))),
        ["scripts"] = ("qwen2", Patterns((@"\p{Han}+|\p{Hiragana}+|\p{Greek}|[\p{Cyrillic}&&\p{Lu}]|\P{Latin}|\p{^L}", "Isolated", false))),
        ["case"] = ("qwen2", Patterns((@"(?i)[k-s]+|(?i:é|x\d)|(?m:a.b)|a.b", "Isolated", false))),
        ["astral"] = ("qwen2", Patterns((@"[😀-🙏👍]+|[𝐀-𝟿]+|[^a-z𐀀-\x{10FFFF}]+|.", "Isolated", false))),
        ["removed"] = ("qwen2", Patterns((@"\s+", "Removed", false))),
        ["removed, inverted"] = ("qwen2", Patterns((@"\p{L}+|\p{N}", "Removed", true))),
        ["merged with previous"] = ("qwen2", Patterns((@"\s|\p{P}", "MergedWithPrevious", false))),
        ["merged with next"] = ("qwen2", Patterns((@"\s|\p{P}", "MergedWithNext", false))),
        ["merged with next, inverted"] = ("qwen2", Patterns((@"\p{L}+", "MergedWithNext", true))),
        ["contiguous"] = ("qwen2", Patterns((@"\d|\s", "Contiguous", false))),
        ["a plain text"] = ("qwen2", """{"pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "Split", "pattern": {"String": "a."}, "behavior": "MergedWithPrevious", "invert": false}, {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": false}]}}"""),
        ["gpt 2"] = ("qwen2", """{"normalizer": null, "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true}}"""),
        ["digits"] = ("qwen2", """{"pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "Digits", "individual_digits": false}, {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true}]}}"""),
        ["punctuation"] = ("qwen2", """{"pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "Punctuation", "behavior": "Contiguous"}, {"type": "Digits", "individual_digits": true}, {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": false}]}}"""),
        ["white space"] = ("qwen2", """{"pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "Whitespace"}, {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": false}]}}"""),
        ["white space alone"] = ("qwen2", """{"pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"}, {"type": "CharDelimiterSplit", "delimiter": "."}, {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": false}]}}"""),
        ["NFC"] = ("qwen2", """{"normalizer": {"type": "NFC"}}"""),
        ["NFD"] = ("qwen2", """{"normalizer": {"type": "NFD"}}"""),
        ["NFKC"] = ("qwen2", """{"normalizer": {"type": "NFKC"}}"""),
        ["NFKD, no accents, lower case"] = ("qwen2", """{"normalizer": {"type": "Sequence", "normalizers": [{"type": "NFKD"}, {"type": "StripAccents"}, {"type": "Lowercase"}]}}"""),
        ["replace and strip"] = ("qwen2", """{"normalizer": {"type": "Sequence", "normalizers": [{"type": "Strip", "strip_left": true, "strip_right": true}, {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "}, {"type": "Replace", "pattern": {"String": "``"}, "content": "\""}]}}"""),
        ["metaspace, first"] = ("sentencepiece", Metaspace("first", false)),
        ["metaspace, first, split"] = ("sentencepiece", Metaspace("first", true)),
        ["metaspace, always"] = ("sentencepiece", Metaspace("always", true)),
        ["metaspace, never"] = ("sentencepiece", Metaspace("never", false)),
        ["prepended"] = ("sentencepiece", """{}"""),
        ["no unknown"] = ("sentencepiece", """{"model.byte_fallback": false, "model.fuse_unk": false}"""),
    };

    /// <summary>Writes a variant's tokenizer.json and tells where its directory is.</summary>
    public static void Write(string name, string directory)
    {
        var (from, parts) = All[name];
        var tokenizer = JsonNode.Parse(File.ReadAllText(TestData.Path("models", "tokenizers", from, "tokenizer.json")))!.AsObject();
        foreach (var (field, value) in JsonNode.Parse(parts)!.AsObject())
        {
            var path = field.Split('.');
            (path.Length == 1 ? tokenizer : tokenizer[path[0]]!.AsObject())[path[^1]] = value?.DeepClone();
        }

        File.WriteAllText(Path.Combine(directory, "tokenizer.json"), tokenizer.ToJsonString());
    }

    private static string Patterns(params (string Regex, string Behavior, bool Invert)[] splits)
    {
        var parts = new JsonArray([.. splits.Select(split => (JsonNode)new JsonObject
        {
            ["type"] = "Split", ["pattern"] = new JsonObject { ["Regex"] = split.Regex }, ["behavior"] = split.Behavior, ["invert"] = split.Invert,
        })]);
        parts.Add(new JsonObject { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["trim_offsets"] = true, ["use_regex"] = false });
        return new JsonObject { ["normalizer"] = null, ["pre_tokenizer"] = new JsonObject { ["type"] = "Sequence", ["pretokenizers"] = parts } }.ToJsonString();
    }

    private static string Metaspace(string scheme, bool split) => new JsonObject
    {
        ["normalizer"] = null,
        ["pre_tokenizer"] = new JsonObject { ["type"] = "Metaspace", ["replacement"] = "▁", ["prepend_scheme"] = scheme, ["split"] = split },
        ["decoder"] = new JsonObject { ["type"] = "Metaspace", ["replacement"] = "▁", ["prepend_scheme"] = scheme, ["split"] = split },
    }.ToJsonString();
}
