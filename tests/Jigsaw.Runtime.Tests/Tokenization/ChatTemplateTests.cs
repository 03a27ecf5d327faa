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
            Assert.All(rendered.Contents, span => Assert.Contains(rendered.Text[span.Start..span.End], messages[span.Message].Content, StringComparison.Ordinal));
            Assert.Equal(chat.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32()), noise.Tokenize(messages, prompt).Ids);
        }
    }

    [Theory]
    [InlineData("{% if x %}a{% else %}b{% endif %}", "b")]
    [InlineData("{%- set ns = namespace(n=0) -%}\n{%- for m in messages %}{% set ns.n = ns.n + 1 %}{% endfor %}{{ ns.n }}", "2")]
    [InlineData("  {% for m in messages %}\n  {{ m.role }}\n  {% endfor %}\nend", "  user\n  assistant\nend")]
    [InlineData("{{- messages[0].content | trim -}}  x", "Hi therex")]
    [InlineData("{{ messages[-1]['content'] }}{# gone #}", " yes ")]
    [InlineData("{% for m in messages[::-1] %}{{ loop.index0 ~ m.role }}{% if not loop.last %},{% endif %}{% endfor %}", "0assistant,1user")]
    [InlineData("{% for m in messages[1:] if m.role == 'assistant' %}{{ loop.revindex }}{% endfor %}", "1")]
    [InlineData("{% macro f(a, b='!') %}<{{ a }}{{ b }}>{% endmacro %}{{ f('x') ~ f('y', b='?') }}", "<x!><y?>")]
    [InlineData("{{ 'a,b'.split(',')[1].upper() }}{{ 'ab' in 'cab' and not tools }}{{ tools is none }}", "BTrueTrue")]
    [InlineData("{{ {'a': [1, 2.5, none], 'b\"': 'é\n'} | tojson }}", "{\"a\": [1, 2.5, null], \"b\\\"\": \"é\\n\"}")]
    [InlineData("{{ message.tool_calls is defined }}{{ x is not defined }}{{ y|default('d') }}", "")]
    [InlineData("{% for i in range(5) %}{% if i == 1 %}{% continue %}{% endif %}{% if i == 3 %}{% break %}{% endif %}{{ i }}{% endfor %}", "02")]
    [InlineData("{% set a %}x{{ 1 + 2 * 3 }}{% endset %}{{ a }}{{ 7 // 2 }}{{ -7 % 3 }}{{ (1, 2)|length }}", "x7322")]
    [InlineData("{{ messages | map(attribute='role') | join('/') }} {{ messages | selectattr('role', 'equalto', 'user') | list | length }}", "user/assistant 1")]
    [InlineData("{% generation %}{{ messages|length }}{% endgeneration %}{{ 'x' if false }}{{ 'y' if true else 'z' }}", "2y")]
    [InlineData("{{ strftime_now('%d %b %Y') }}", "26 Jul 2024")]
    [InlineData("a\n", "a")]
    public void The_subset_of_Jinja_runs_as_in_transformers(string source, string expected)
    {
        var template = ChatTemplate.Parse("t", source);
        template = new ChatTemplate(template) { Today = new DateOnly(2024, 7, 26) };
        ChatMessage[] messages = [new("user", " Hi there "), new("assistant", " yes ")];
        if (expected.Length == 0)
        {
            Assert.Throws<CheckpointException>(() => template.Render(messages));
            return;
        }

        Assert.Equal(expected, template.Render(messages).Text);
    }

    [Theory]
    [InlineData("{% include 'x' %}", "the statement 'include'")]
    [InlineData("{{ x | wordwrap }}", "the filter 'wordwrap'")]
    [InlineData("{{ 'x'.encode() }}", "calls 'encode' of a text")]
    [InlineData("{{ messages }}", "writes a list as text")]
    [InlineData("{% if x %}", "ends before 'endif'")]
    [InlineData("{{ 'x }}", "without its closing quote")]
    [InlineData("{{ nothing.at.all }}", "reads 'at' of 'nothing'")]
    [InlineData("{% for i in range(1000000) %}{% endfor %}", "a range of more than")]
    [InlineData("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", "runs deeper than")]
    public void What_is_not_supported_is_named(string source, string named)
    {
        var exception = Assert.Throws<CheckpointException>(() => ChatTemplate.Parse("t", source).Render([new("user", "x")]));
        Assert.Contains(named, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_template_that_opens_a_thousand_brackets_is_refused()
    {
        var source = $"{{{{ {new string('(', 1000)}1{new string(')', 1000)} }}}}";
        Assert.Contains("nested deeper", Assert.Throws<CheckpointException>(() => ChatTemplate.Parse("t", source)).Message, StringComparison.Ordinal);
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
}
