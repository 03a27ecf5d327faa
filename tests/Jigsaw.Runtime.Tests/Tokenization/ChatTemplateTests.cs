using System.Text.Json;
using Jigsaw.Checkpoints;
using Jigsaw.Tokenization;

namespace Jigsaw.Runtime.Tests.Tokenization;

public sealed class ChatTemplateTests
{
    [Theory]
    [InlineData("byte-level-chatml")]
    [InlineData("qwen2")]
    [InlineData("sentencepiece")]
    public void Rendered_chats_and_their_ids_are_those_of_transformers(string name)
    {
        var tokenizer = Tokenizer.Load(TestData.Path("models", "tokenizers", name));
        var noise = new NoiseTokenizer(tokenizer) { ContentTokens = AddedTokens.All };
        using var expected = JsonDocument.Parse(File.ReadAllText(TestData.Path("models", "tokenizers", name, "expected.json")));
        var chats = expected.RootElement.GetProperty("chats").EnumerateArray().ToArray();
        Assert.Equal(8, chats.Length);
        foreach (var chat in chats)
        {
            ChatMessage[] messages = [.. chat.GetProperty("messages").EnumerateArray()
                .Select(message => new ChatMessage(message.GetProperty("role").GetString()!, message.GetProperty("content").GetString()!))];
            var prompt = chat.GetProperty("add_generation_prompt").GetBoolean();
            var rendered = tokenizer.ChatTemplate!.Render(messages, prompt);
            Assert.Equal(chat.GetProperty("rendered").GetString(), rendered.Text);
            Assert.All(rendered.Contents, span => Assert.Contains(rendered.Text[span.Start..span.End], messages[span.Message].Content!, StringComparison.Ordinal));
            Assert.Equal(chat.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32()), noise.Tokenize(messages, prompt).Ids);
        }
    }

    [Theory]
    [InlineData("{% include 'x' %}", "the statement 'include'")]
    [InlineData("{{ x | wordwrapped }}", "the filter 'wordwrapped'")]
    [InlineData("{{ x is wrapped }}", "the test 'wrapped'")]
    [InlineData("{{ 'x'.encode() }}", "turns a text into bytes")]
    [InlineData("{{ messages.append }}{{ messages.append(1) }}", "'append' of a list, which a template may not")]
    [InlineData("{{ range }}", "writes a function")]
    [InlineData("{{ messages|map('upper') }}", "writes a generator")]
    [InlineData("{% if x %}", "ends before the 'endif'")]
    [InlineData("{{ 'x }}", "without its closing quote")]
    [InlineData("a\n{{ nothing.at.all }}", "'nothing', which is undefined (line 2)")]
    [InlineData("{{ 'a,b'|replace('a', 'b', times=1) }}", "the argument 'times', which it doesn't have")]
    [InlineData("{{ lipsum() }}", "'lipsum'")]
    public void What_a_template_can_not_do_is_a_sentence(string source, string named)
    {
        var exception = Assert.Throws<CheckpointException>(() => ChatTemplate.Parse("t", source).Render([new("user", "x")]));
        Assert.Contains(named, exception.Message, StringComparison.Ordinal);
        Assert.StartsWith("t: has a chat template that ", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_template_that_can_not_be_read_makes_only_rendering_fail()
    {
        var template = ChatTemplate.Parse("t", "{% if %}");
        Assert.Equal("{% if %}", template.Source);
        Assert.Throws<CheckpointException>(() => template.Render([new("user", "x")]));
    }

    [Fact]
    public void Tools_calls_parts_documents_and_arguments_reach_the_template()
    {
        ChatMessage[] messages =
        [
            new("user", null) { Parts = [ChatPart.OfText("Tide at "), ChatPart.OfText("Husum?")] },
            new("assistant", null) { ReasoningContent = "hm", ToolCalls = [new ToolCall("get_tide", Json("""{"port": "Husum"}"""), "c1")] },
            new("tool", "2.1 m") { Name = "get_tide", ToolCallId = "c1" },
        ];
        const string source = """
            {% for p in messages[0].content %}{{ p.text }}{% endfor %}|{{ messages[1].content }}|{{ messages[1].reasoning_content }}|{{ messages[1].tool_calls[0].function.arguments | tojson }}|{{ messages[1].tool_calls[0].id }}
            {{- messages[2].name }}{{ messages[2].tool_call_id }}|{{ tools | map(attribute='function.name') | join }}|{{ documents[0].title }}|{{ enable_thinking }}|{{ date_string }}
            """;
        var rendered = ChatTemplate.Parse("t", source).Render(
            messages,
            tools: [Json("""{"function": {"name": "get_tide"}}""")],
            documents: [Json("""{"title": "D"}""")],
            arguments: new Dictionary<string, object?> { ["enable_thinking"] = false, ["date_string"] = "1 May" });
        Assert.Equal("Tide at Husum?|None|hm|{\"port\": \"Husum\"}|c1get_tidec1|get_tide|D|False|1 May", rendered.Text);
        Assert.Equal(
            ["0:Tide at Husum?", "1:hm", "1:port", "1:Husum", "1:c1", "2:get_tidec1", "-1:get_tide", "-2:D"],
            rendered.Contents.Select(span => $"{span.Message}:{rendered.Text[span.Start..span.End]}"));
    }

    [Theory]
    [InlineData("effort", "Ada of Husum", false)]
    [InlineData("effort", "high", true)]
    [InlineData("effort", "low", false)]
    [InlineData("effort", 7, true)]
    [InlineData("effort", true, true)]
    [InlineData("reasoning_effort", "low", true)]
    [InlineData("date_string", "26 Jul 2024", true)]
    [InlineData("date_string", "Ada, 26 Jul 2024", false)]
    [InlineData("effort", new[] { "high", "Ada" }, false)]
    [InlineData("unread", "Ada of Husum", true)]
    public void An_argument_with_a_text_that_somebody_may_have_written_is_refused(string name, object value, bool passes)
    {
        var loaded = Tokenizer.Load(TestData.Path("models", "tokenizers", "byte-level-chatml"));
        var encoder = new ChatEncoder(loaded.WithChatTemplate(ChatTemplate.Parse("t", "{{ messages[0].content }}{% if effort == 'high' %}!{% endif %}{{ effort }}{{ reasoning_effort }}{{ date_string }}")));
        TokenizedChat Encode(object? given) => encoder.Encode([new("user", "Hello")], arguments: new Dictionary<string, object?> { [name] = given });
        foreach (var given in (object[])[value, JsonSerializer.SerializeToElement(value)])
        {
            if (passes)
            {
                Assert.NotEmpty(Encode(given).Ids);
                continue;
            }

            var message = Assert.Throws<ArgumentException>(() => Encode(given)).Message;
            Assert.Contains($"argument '{name}'", message, StringComparison.Ordinal);
            Assert.DoesNotContain("Ada", message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("messages")]
    [InlineData("tools")]
    [InlineData("add_generation_prompt")]
    public void An_argument_can_t_take_the_place_of_what_the_conversation_gives(string name) =>
        Assert.Contains($"'{name}' is given by the conversation itself", Assert.Throws<ArgumentException>(() => new ChatEncoder(Tokenizer.Load(TestData.Path("models", "tokenizers", "byte-level-chatml"))).Encode([new("user", "x")], arguments: new Dictionary<string, object?> { [name] = true })).Message, StringComparison.Ordinal);

    [Fact]
    public void Messages_read_from_JSON_keep_their_fields_and_their_order()
    {
        var message = ChatMessage.FromJson(Json("""{"content": null, "role": "assistant", "tool_calls": [{"type": "function", "function": {"name": "f", "arguments": "{\"a\":1}"}}], "extra": [1, true, null]}"""));
        var rendered = ChatTemplate.Parse("t", "{{ messages[0]|tojson }}").Render([message]);
        Assert.Equal("""{"content": null, "role": "assistant", "tool_calls": [{"type": "function", "function": {"name": "f", "arguments": "{\"a\":1}"}}], "extra": [1, true, null]}""", rendered.Text);
        Assert.Contains("has no 'role'", Assert.Throws<ArgumentException>(() => ChatMessage.FromJson(Json("{}"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Half_a_surrogate_pair_in_a_message_is_one_sentence_wherever_it_stands()
    {
        var encoder = new ChatEncoder(Tokenizer.Load(TestData.Path("models", "tokenizers", "byte-level-chatml")));
        Action[] readers =
        [
            () => ChatMessage.FromJson(Json("{\"\\ud800\": 1, \"role\": \"user\"}")),
            () => ChatMessage.FromJson(Json("{\"role\": \"\\ud800\"}")),
            () => _ = new ToolCall("f", Json("{\"\\ud800\": 1}")),
            () => encoder.Encode([new("user", "x")], arguments: new Dictionary<string, object?> { ["enable_thinking"] = Json("{\"\\ud800\": 1}") }),
            () => ChatTemplate.Parse("t", "{{ messages[0]|tojson }}").Render([ChatMessage.FromJson(Json("{\"role\": \"user\", \"content\": [{\"type\": \"text\", \"\\udc00\": 1}]}"))]),
        ];
        Assert.All(readers, read => Assert.Contains("not Unicode text", Assert.Throws<ArgumentException>(read).Message, StringComparison.Ordinal));
    }

    [Fact]
    public void A_template_that_opens_a_thousand_brackets_is_refused()
    {
        var source = $"{{{{ {new string('(', 1000)}1{new string(')', 1000)} }}}}";
        Assert.Contains("nested deeper", Assert.Throws<CheckpointException>(() => ChatTemplate.Parse("t", source).Render([new("user", "x")])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Roles_that_the_template_refuses_are_an_error_with_its_reason()
    {
        var tokenizer = Tokenizer.Load(TestData.Path("models", "tokenizers", "sentencepiece"));
        var exception = Assert.Throws<ArgumentException>(() => tokenizer.ChatTemplate!.Render([new("assistant", "x")]));
        Assert.Contains("Conversation roles must alternate", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_final_message_to_continue_ends_the_text()
    {
        var tokenizer = Tokenizer.Load(TestData.Path("models", "tokenizers", "support-lm"));
        var text = tokenizer.ChatTemplate!.Render([new("user", "Hi"), new("assistant", "Hello ")], continueFinalMessage: true).Text;
        Assert.Equal("<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\nHello ", text);
        var empty = tokenizer.ChatTemplate!.Render([new("user", "Hi"), new("assistant", "")], continueFinalMessage: true).Text;
        Assert.Equal("<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n", empty);
    }

    private static JsonElement Json(string text) => JsonDocument.Parse(text).RootElement.Clone();
}
