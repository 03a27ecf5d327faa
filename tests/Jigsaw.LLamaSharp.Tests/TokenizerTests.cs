using System.Text.Json;
using Jigsaw.Checkpoints;
using Jigsaw.Gguf;
using Jigsaw.Models.Configuration;
using Jigsaw.Runtime.Tests;
using Jigsaw.Tokenization;
using LLama;
using LLama.Common;

namespace Jigsaw.LLamaSharp.Tests;

public sealed class TokenizerTests
{
    private static readonly string[] _texts =
    [
        "Where is my order 4711?", "a  b   c\n\n\nd\t e", "I'll say we've it's 12.345,67 or 2026-11-26", "naïve café, 東京タワー, Привет!", "🚀 😶‍🌫️ ok", "  leading", "trailing  ", "x=1;y=22;z=333;w=4444", "jane.doe@example.com (no. 5)",
    ];

    [LLamaTheory]
    [InlineData("support-lm")]
    [InlineData("qwen2")]
    [InlineData("sentencepiece")]
    public void llama_cpp_cuts_texts_as_the_tokenizer_does(string name)
    {
        using var folder = new TemporaryFolder();
        using var weights = Vocabulary(folder, name);
        var tokenizer = Tokenizer.Load(GgufModelTests.Data("tokenizers", name));

        Assert.All(_texts, text => Assert.Equal(tokenizer.Encode(text), weights.Tokenize(text, add_bos: false, special: false, System.Text.Encoding.UTF8).Select(token => (int)token)));
    }

    [LLamaFact]
    public void llama_cpp_knows_the_special_tokens_and_the_chat_template()
    {
        using var folder = new TemporaryFolder();
        using var weights = Vocabulary(folder, "support-lm");
        var tokenizer = Tokenizer.Load(GgufModelTests.Data("tokenizers", "support-lm"));

        Assert.Equal(tokenizer.IdOf("<|im_start|>"), (int?)weights.Vocab.BOS);
        Assert.Equal(tokenizer.IdOf("<|im_end|>"), (int?)weights.Vocab.EOS);
        Assert.False(weights.Vocab.ShouldAddBOS);
        Assert.Equal(tokenizer.ChatTemplate!.Source, weights.Metadata["tokenizer.chat_template"]);
        Assert.Equal("smollm", weights.Metadata["tokenizer.ggml.pre"]);
        Assert.Equal([tokenizer.IdOf("<|im_end|>")!.Value], weights.Tokenize("<|im_end|>", false, special: true, System.Text.Encoding.UTF8).Select(token => (int)token));
    }

    [Theory]
    [InlineData("""{"pre_tokenizer":{"type":"ByteLevel","add_prefix_space":false}}""", "gpt-2")]
    [InlineData("""{"pre_tokenizer":{"type":"Sequence","pretokenizers":[{"type":"Digits","individual_digits":true},{"type":"ByteLevel","add_prefix_space":false,"use_regex":true}]}}""", "smollm")]
    [InlineData("""{"pre_tokenizer":{"type":"Sequence","pretokenizers":[{"type":"Split","pattern":{"Regex":"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"},"behavior":"Isolated","invert":false},{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":false}]}}""", "llama-bpe")]
    public void A_known_way_of_splitting_has_llama_cpps_name(string json, string name)
    {
        using var document = JsonDocument.Parse(json);
        Assert.Equal(name, GgufPreTokenizer.NameOf("tokenizer.json", new JsonFields("tokenizer.json", document.RootElement)));
    }

    [Theory]
    [InlineData("""{"pre_tokenizer":{"type":"ByteLevel","add_prefix_space":true}}""")]
    [InlineData("""{"normalizer":{"type":"Lowercase"},"pre_tokenizer":{"type":"ByteLevel","add_prefix_space":false}}""")]
    [InlineData("""{"pre_tokenizer":{"type":"Sequence","pretokenizers":[{"type":"Split","pattern":{"Regex":"\\w+"},"behavior":"Isolated"},{"type":"ByteLevel","add_prefix_space":false,"use_regex":false}]}}""")]
    public void Another_way_of_splitting_is_refused(string json)
    {
        using var document = JsonDocument.Parse(json);
        var refused = Assert.Throws<CheckpointException>(() => GgufPreTokenizer.NameOf("tokenizer.json", new JsonFields("tokenizer.json", document.RootElement)));
        Assert.Contains("smollm", refused.Message, StringComparison.Ordinal);
    }

    /// <summary>A file of a tokenizer alone.</summary>
    private static LLamaWeights Vocabulary(TemporaryFolder folder, string name)
    {
        var directory = GgufModelTests.Data("tokenizers", name);
        var config = CausalLMConfig.Read(GgufModelTests.Data("support-lm")) with { VocabularySize = Tokenizer.Load(directory).VocabularySize };
        using var metadata = new GgufMetadata();
        metadata.Add("general.architecture", "llama");
        new GgufArchitecture(config).AddTo(metadata);
        GgufVocabulary.AddTo(metadata, directory, config);
        GgufWriter.Write(folder["vocabulary.gguf"], metadata, []);
        return LLamaWeights.LoadFromFile(new ModelParams(folder["vocabulary.gguf"]) { VocabOnly = true });
    }
}
