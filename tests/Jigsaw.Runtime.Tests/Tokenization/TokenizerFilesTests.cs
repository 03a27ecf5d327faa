using System.Diagnostics;
using System.Text.Json.Nodes;
using Jigsaw.Checkpoints;
using Jigsaw.Tokenization;

namespace Jigsaw.Runtime.Tests.Tokenization;

public sealed class TokenizerFilesTests
{
    [Theory]
    [InlineData("""{"pre_tokenizer": {}}""", "a pre-tokenizer without 'type'")]
    [InlineData("""{"normalizer": {"type": "Nmt"}}""", "'type' = \"Nmt\"")]
    [InlineData("""{"decoder": {"type": "Strip", "content": " ", "start": 2000000000, "stop": 0}}""", "'start' = 2000000000")]
    [InlineData("""{"pre_tokenizer": {"type": "Split", "pattern": {"Regex": "(a"}, "behavior": "Isolated"}}""", "a '(' that is not closed")]
    [InlineData("""{"pre_tokenizer": {"type": "Split", "pattern": {"Regex": "\\p{Klingon}"}, "behavior": "Isolated"}}""", "the property \\p{Klingon}, which is unknown")]
    [InlineData("""{"pre_tokenizer": {"type": "Split", "pattern": {"Regex": "(a)\\1"}, "behavior": "Isolated"}}""", "the escape \\1, which is not supported")]
    [InlineData("""{"pre_tokenizer": {"type": "Split", "pattern": {"Regex": "a"}, "behavior": "Sideways"}}""", "'behavior' = \"Sideways\"")]
    [InlineData("""{"pre_tokenizer": {"type": "Metaspace", "replacement": ""}}""", "'replacement' = \"\"")]
    [InlineData("""{"post_processor": {"type": "RobertaProcessing"}}""", "the pair 'cls'")]
    public void A_part_that_can_not_be_run_is_refused_by_field_and_value(string parts, string named)
    {
        using var folder = new TemporaryFolder();
        Write(folder, parts);
        var exception = Assert.Throws<CheckpointException>(() => Tokenizer.Load(folder.Path));
        Assert.Contains(named, exception.Message, StringComparison.Ordinal);
        Assert.StartsWith(folder["tokenizer.json"], exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"normalizer": {"type": "Sequence", "normalizers": [{"type": "Replace", "pattern": {"String": "a"}, "content": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}, {"type": "Replace", "pattern": {"String": "a"}, "content": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}, {"type": "Replace", "pattern": {"String": "a"}, "content": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}]}}""", "64 times as long")]
    [InlineData("""{"pre_tokenizer": {"type": "Split", "pattern": {"Regex": "(?:a|aa)+\\d"}, "behavior": "Isolated"}}""", "takes more than 2 s")]
    public void A_text_that_a_tokenizer_can_not_take_is_refused_in_a_sentence(string parts, string named)
    {
        using var folder = new TemporaryFolder();
        Write(folder, parts);
        var tokenizer = Tokenizer.Load(folder.Path);
        Assert.Contains(named, Assert.Throws<CheckpointException>(() => tokenizer.Encode(new string('a', 3000))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_hundred_thousand_added_tokens_are_found_at_once()
    {
        using var folder = new TemporaryFolder();
        var json = JsonNode.Parse(File.ReadAllText(TestData.Path("models", "tokenizers", "qwen2", "tokenizer.json")))!;
        var added = json["added_tokens"]!.AsArray();
        for (var i = 0; i < 100_000; i++)
        {
            added.Add(new JsonObject { ["id"] = 1000 + i, ["content"] = $"<extra_{i}>", ["special"] = true, ["normalized"] = false, ["lstrip"] = false, ["rstrip"] = false, ["single_word"] = false });
        }

        File.WriteAllText(folder["tokenizer.json"], json.ToJsonString());
        var tokenizer = Tokenizer.Load(folder.Path);
        var watch = Stopwatch.StartNew();
        Assert.Contains(1000 + 99_999, tokenizer.Encode(string.Concat(Enumerable.Repeat("<extra_ <extra_5 x ", 50_000)) + "<extra_99999>", addedTokens: AddedTokens.All));
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(10), $"{watch.Elapsed}");
    }

    [Fact]
    public void A_template_file_is_found_without_a_config_and_special_tokens_in_their_map()
    {
        using var folder = new TemporaryFolder();
        Write(folder, "{}");
        File.WriteAllText(folder["chat_template.jinja"], "{{ bos_token }}{{ messages[0].content }}{{ eos_token }}{{ unk_token }}");
        File.WriteAllText(folder["special_tokens_map.json"], """{"bos_token": {"content": "<|im_start|>"}, "eos_token": "<|im_end|>", "unk_token": "U"}""");
        var tokenizer = Tokenizer.Load(folder.Path);
        Assert.Equal("<|im_end|>", tokenizer.EndToken);
        Assert.Equal("<|im_start|>x<|im_end|>U", tokenizer.ChatTemplate!.Render([new("user", "x")]).Text);
    }

    [Fact]
    public void Of_named_templates_that_for_tools_is_used_where_there_are_tools()
    {
        using var folder = new TemporaryFolder();
        Write(folder, "{}");
        File.WriteAllText(folder["tokenizer_config.json"], """{"chat_template": [{"name": "default", "template": "plain"}, {"name": "tool_use", "template": "tools {{ tools|length }}"}]}""");
        var template = Tokenizer.Load(folder.Path).ChatTemplate!;
        using var tool = System.Text.Json.JsonDocument.Parse("{}");
        Assert.Equal("plain", template.Render([new("user", "x")]).Text);
        Assert.Equal("tools 1", template.Render([new("user", "x")], tools: [tool.RootElement]).Text);
    }

    [Theory]
    [InlineData("""{"add_bos_token": true, "bos_token": "<|im_start|>", "add_eos_token": true, "eos_token": "<|im_end|>"}""", "796 ... 797")]
    [InlineData("""{"add_bos_token": false, "bos_token": "<|im_start|>"}""", "...")]
    public void Begin_and_end_tokens_are_added_as_the_config_says(string config, string expected)
    {
        using var folder = new TemporaryFolder();
        Write(folder, "{}");
        File.WriteAllText(folder["tokenizer_config.json"], config);
        var tokenizer = Tokenizer.Load(folder.Path);
        Assert.Equal(expected, string.Join(' ', tokenizer.Encode("x", addFrame: true)).Replace(string.Join(' ', tokenizer.Encode("x")), "...", StringComparison.Ordinal));
    }

    private static void Write(TemporaryFolder folder, string parts)
    {
        var json = JsonNode.Parse(File.ReadAllText(TestData.Path("models", "tokenizers", "qwen2", "tokenizer.json")))!.AsObject();
        foreach (var (field, value) in JsonNode.Parse(parts)!.AsObject())
        {
            json[field] = value?.DeepClone();
        }

        File.WriteAllText(folder["tokenizer.json"], json.ToJsonString());
    }
}
