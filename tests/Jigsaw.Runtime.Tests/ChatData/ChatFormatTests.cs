using System.Globalization;
using System.Text.Json;
using CsCheck;
using Jigsaw.Data;
using Jigsaw.Tokenization;

namespace Jigsaw.Runtime.Tests.ChatData;

public sealed class ChatFormatTests
{
    private static readonly NoiseTokenizer _tokenizer = new(Tokenizer.Load(TestData.Path("models", "tokenizers", "support-lm"))) { NoiseRoles = ["user"] };

    /// <summary>A chat of one turn in each format.</summary>
    private static readonly Dictionary<string, Func<string, string, string, string>> _formats = new()
    {
        ["messages"] = (system, user, reply) => Row(new { messages = new[] { new { role = "system", content = system }, new { role = "user", content = user }, new { role = "assistant", content = reply } }, slots = new { first = "Ada" } }),
        ["sharegpt"] = (system, user, reply) => Row(new { conversations = new[] { new { from = "system", value = system }, new { from = "human", value = user }, new { from = "gpt", value = reply } }, slots = new { first = "Ada" } }),
        ["prompt"] = (system, user, reply) => Row(new { system, prompt = user, completion = reply, slots = new { first = "Ada" } }),
        ["response"] = (system, user, reply) => Row(new { system, prompt = user, response = reply, slots = new { first = "Ada" } }),
        ["alpaca"] = (system, user, reply) => Row(new { system, instruction = user, input = "", output = reply, slots = new { first = "Ada" } }),
    };

    public static TheoryData<string, string> FormatsAndKinds()
    {
        var all = new TheoryData<string, string>();
        foreach (var format in _formats.Keys)
        {
            foreach (var kind in ChatFile.Kinds.Append("parquet"))
            {
                all.Add(format, kind);
            }
        }

        return all;
    }

    [Theory]
    [MemberData(nameof(FormatsAndKinds))]
    public async Task Every_format_in_every_kind_of_file_is_the_same_chat(string format, string kind)
    {
        using var folder = new TemporaryFolder();
        (string User, string Reply)[] texts = [("I am Ada, \"order\"\n7 ✓ 😀.", "Hello Ada."), ("Adaville?", "Yes: \\ [{,}]")];
        var rows = texts.Select(text => _formats[format]("Be kind.", text.User, text.Reply)).ToArray();
        var path = kind == "parquet" ? await ChatFile.WriteParquet(folder, format, rows) : ChatFile.Write(folder, kind, rows);

        var memory = ChatDataset.Read(path);
        using var files = ChatFiles.Open([path], folder["cache"]);
        Assert.Equal(2, files.Count);
        for (var i = 0; i < texts.Length; i++)
        {
            ChatMessage[] expected = [new("system", "Be kind."), new("user", texts[i].User) { Private = i == 0 ? [5..8] : null }, new("assistant", texts[i].Reply)];
            AssertEqual(expected, memory.Examples[i]);
            AssertEqual(expected, files.Read(i));
            Assert.Equal("Ada", files.Read(i).Facts["first"]);
        }

        Assert.EndsWith(kind == "parquet" ? "row 2" : kind.StartsWith("jsonl", StringComparison.Ordinal) ? "line 2" : "line 3, row 2", files.PlaceOf(1), StringComparison.Ordinal);
    }

    [Fact]
    public void Any_chat_has_the_same_tokens_and_masks_in_every_format()
    {
        using var folder = new TemporaryFolder();
        var text = Gen.String[Gen.Char["ab Ada\"\\\n{}[]é漢,:"], 1, 30];
        Gen.Select(text, text, text).Sample(
            (system, user, reply) =>
            {
                var chats = _formats.Values.Select(format => ChatDataset.Read(ChatFile.Write(folder, "jsonl", format(system, user, reply))).Examples[0].Tokenize(_tokenizer)).ToArray();
                Assert.All(chats, chat => Assert.Equal(chats[0].Ids, chat.Ids));
                Assert.All(chats, chat => Assert.Equal(chats[0].Counts, chat.Counts));
                Assert.All(chats, chat => Assert.Equal(chats[0].Noise, chat.Noise));
                Assert.All(chats, chat => Assert.Equal(chats[0].Private, chat.Private));
            },
            iter: 25,
            threads: 1);
    }

    [Fact]
    public void Conversational_prompts_and_completions_histories_and_inputs_become_turns()
    {
        Assert.Equal("system:Be kind.|user:Hi|assistant:Yes.", Roles("""{"prompt": [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hi"}], "completion": [{"role": "assistant", "content": "Yes."}]}"""));
        Assert.Equal("user:a|assistant:b|user:Add.\n1 2|assistant:3", Roles("""{"instruction": "Add.", "input": "1 2", "output": "3", "history": [["a", "b"]]}"""));
        Assert.Equal("user:Hi|assistant:|tool:7 C|assistant:Cold.", Roles("""{"conversations": [{"from": "human", "value": "Hi"}, {"from": "function_call", "value": "{\"name\": \"weather\", \"arguments\": {\"city\": \"Rome\"}}"}, {"from": "observation", "value": "7 C"}, {"from": "gpt", "value": "Cold."}]}"""));
        Assert.Equal("user:Hi|assistant:Yes.", Roles("""{"conversations": [{"role": "user", "content": "Hi"}, {"from": "chatgpt", "value": "Yes."}], "tools": "[]"}"""));
        Assert.Equal("user:Hi", Roles("""{"messages": [{"role": "user", "content": "Hi"}], "prompt": "Hi", "prompt_id": "7"}"""));
    }

    [Fact]
    public void Calls_tools_names_parts_and_arguments_reach_the_template()
    {
        var template = ChatTemplate.Parse("t", "{{ tools[0].function.name }} {{ enable }} {% for message in messages %}{{ message.role }} {{ message.name }} {{ message.mood }} {% if message.tool_calls %}{{ message.tool_calls[0].function.name }} {{ message.tool_calls[0].function.arguments.city }}{% elif message.content is string %}{{ message.content }}{% else %}{{ message.content[0].text }}{% endif %}\n{% endfor %}");
        var tokenizer = new NoiseTokenizer(_tokenizer.Tokenizer.WithChatTemplate(template));
        var chat = Read("""{"tools": [{"type": "function", "function": {"name": "weather"}}], "chat_template_kwargs": {"enable": 3}, "messages": [{"role": "user", "name": "Ada", "content": [{"type": "text", "text": "Cold?"}]}, {"role": "assistant", "content": null, "tool_calls": [{"type": "function", "function": {"name": "weather", "arguments": {"city": "Rome"}}}]}, {"role": "assistant", "mood": "calm", "content": "Yes."}]}""").Examples[0];
        Assert.Equal("weather 3 user Ada  Cold?assistant   weather Romeassistant  calm Yes.", tokenizer.Tokenizer.Decode(chat.Tokenize(tokenizer).Ids));
    }

    [Theory]
    [InlineData("""{"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "tool_calls": [{"type": "function", "function": {"name": "f"}}]}]}""", "tool_calls")]
    [InlineData("""{"tools": [{"type": "function"}], "messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Yes."}]}""", "tools")]
    [InlineData("""{"messages": [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}, {"role": "assistant", "content": "Yes."}]}""", "parts")]
    public void What_the_template_does_not_write_is_refused_by_name_and_row(string row, string name)
    {
        var exception = Assert.Throws<ChatDataException>(() => new ChatBatches(Read("", row), _tokenizer, 1, 0));
        Assert.Contains("line 2, can't be tokenized: ", exception.Message, StringComparison.Ordinal);
        Assert.Contains(name, exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"prompt": "Hi", "chosen": "a", "rejected": "b"}""", "its fields are 'prompt', 'chosen', 'rejected'. Known are messages")]
    [InlineData("""{"conversations": [{"from": "human", "value": "Hi", "content": "Ho"}]}""", "a turn has \"content\" beside \"value\"; keep one of them")]
    [InlineData("""{"conversations": [{"from": "narrator", "value": "Hi"}]}""", "a turn is from 'narrator'; known are human, ")]
    [InlineData("""{"conversations": [{"from": "function_call", "value": "call it"}]}""", "'function_call'")]
    [InlineData("""{"conversations": [{"value": "Hi"}]}""", "'role'")]
    [InlineData("""{"conversations": {"from": "human"}}""", "\"conversations\" is not a list")]
    [InlineData("""{"instruction": "Add.", "output": 3}""", "\"output\" is not a text")]
    [InlineData("""{"instruction": "Add.", "output": "3", "history": [["a"]]}""", "\"history\" is not of pairs")]
    [InlineData("""{"prompt": 1, "completion": "b"}""", "\"prompt\" is neither a text nor a list")]
    [InlineData("""{"messages": [{"role": "user", "content": "Hi"}], "chat_template_kwargs": {"thinking": true, "tools": [], "add_generation_prompt": true}}""", "its \"chat_template_kwargs\" name 'tools', 'add_generation_prompt', which the row and the program give themselves; write")]
    [InlineData("""{"system": "a", "messages": [{"role": "system", "content": "b"}]}""", "keep one of them")]
    [InlineData("""{"messages": [{"role": "assistant", "content": "b", "function_call": {"name": "f"}}]}""", "'function_call'")]
    [InlineData("""{"messages": [{"role": "assistant", "content": "b", "tool_calls": "f"}]}""", "'tool_calls'")]
    [InlineData("""{"messages": [{"role": "assistant", "content": "b", "weight": 0}]}""", "'weight'")]
    [InlineData("""{"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}""", "'image_url'")]
    [InlineData("""{"messages": [{"role": "user", "content": "b"}], "images": ["a"]}""", "'images'")]
    [InlineData("""{"messages": [{"role": "user", "content": "b"}], "functions": []}""", "'functions'")]
    [InlineData("""{"messages": [{"role": "user", "content": "b"}], "messages": []}""", "names a field twice")]
    [InlineData("{\"\\ud800\": 1, \"messages\": [{\"role\": \"user\", \"content\": \"b\"}]}", "it has a text or a name that is not Unicode: half a surrogate pair, or invalid UTF-8; mend it.")]
    [InlineData("{\"messages\": [{\"role\": \"user\", \"content\": \"b\"}], \"tools\": \"{\\\"\\\\ud800\\\": 1}\"}", "its \"tools\" is a text that is not JSON")]
    [InlineData("{\"conversations\": [{\"from\": \"function_call\", \"value\": \"{\\\"\\\\ud800\\\": 1}\"}]}", "'function_call' has a value that is not a call")]
    [InlineData("[1, 2]", "not a JSON object")]
    [InlineData("{\"messages\": [{\"role\": \"user\", \"content\": \"\\ud83d\"}]}", "Unicode")]
    public void A_row_that_can_not_be_read_is_one_sentence_with_its_line(string row, string part)
    {
        var exception = Assert.Throws<ChatDataException>(() => Read("""{"messages": [{"role": "user", "content": "Hi"}]}""", "", row));
        Assert.Contains(part, exception.Message, StringComparison.Ordinal);
        Assert.Contains(", line 3, is not a chat: ", exception.Message, StringComparison.Ordinal);
        Assert.Equal("line 3", exception.Place);
    }

    [Fact]
    public void An_error_quotes_no_text_of_a_chat() =>
        Assert.DoesNotContain("secret", Assert.Throws<ChatDataException>(() => Read("""{"messages": [{"role": "user", "content": "secret"}, {"role": "assistant", "content": ["secret", 3]}]}""")).Message, StringComparison.Ordinal);

    [Fact]
    public void Fields_that_nothing_reads_are_counted_and_said_once()
    {
        var culture = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = CultureInfo.GetCultureInfo("sv-SE");
            var row = """{"id": 1, "source": "x", "messages": [{"role": "user", "content": "Hi", "mood": "calm"}, {"role": "assistant", "content": "Yes."}]}""";
            var chats = Read(row, row.Replace("\"source\": \"x\", ", "", StringComparison.Ordinal));
            Assert.Equal(["Fields of the data that nothing reads, with their rows: id (2), source (1)."], chats.Notes);
            Assert.Equal(["Fields that the chat template doesn't read, with their rows: mood (2)."], new ChatBatches(chats, _tokenizer, 2, -1).Notes);
            Assert.EndsWith("2 per batch, seed -1, at most 90 tokens", new ChatBatches(chats, _tokenizer, 2, -1, maxLength: 90).Fingerprint, StringComparison.Ordinal);
        }
        finally
        {
            CultureInfo.CurrentCulture = culture;
        }
    }

    private static string Row<T>(T row) => JsonSerializer.Serialize(row);

    private static string Roles(string row) => string.Join('|', Read(row).Examples[0].Messages.Select(message => $"{message.Role}:{message.Content}"));

    private static ChatDataset Read(params string[] rows)
    {
        using var folder = new TemporaryFolder();
        return ChatDataset.Read(ChatFile.Write(folder, "jsonl", rows));
    }

    private static void AssertEqual(IReadOnlyList<ChatMessage> expected, ChatExample chat)
    {
        Assert.Equal(expected.Select(message => (message.Role, message.Content)), chat.Messages.Select(message => (message.Role, message.Content)));
        Assert.Equal(expected.Select(message => message.Private ?? []), chat.Messages.Select(message => message.Private ?? []));
    }
}
