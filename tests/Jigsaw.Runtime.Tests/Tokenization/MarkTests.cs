using System.Text.Json;
using Jigsaw.Checkpoints;
using Jigsaw.Tokenization;

namespace Jigsaw.Runtime.Tests.Tokenization;

public sealed class MarkTests
{
    [Theory]
    [InlineData("{{ c|tojson }}", "\"«a\\n\\\"é»\"")]
    [InlineData("{{ c|tojson(ensure_ascii=true) }}", "\"«a\\n\\\"\\u00e9»\"")]
    [InlineData("{{ messages[0]|tojson }}", "{\"role\": \"user\", \"content\": \"«a\\n\\\"é»\"}")]
    [InlineData("{{ {c: [1]}|tojson }}", "{\"«a\\n\\\"é»\": [1]}")]
    [InlineData("{{ {'k': c} }}", "{'k': '«a\\n\"é»'}")]
    [InlineData("{{ [c] }}", "['«a\\n\"é»']")]
    [InlineData("{{ c|pprint }}", "'«a\\n\"é»'")]
    [InlineData("{{ c.replace('a', 'XY') }}", "XY«\n\"é»")]
    [InlineData("{{ 'x-y'.replace('-', c) }}", "x«a\n\"é»y")]
    [InlineData("{{ c[1:] }}{{ c[::-1] }}", "«\n\"éé\"\na»")]
    [InlineData("{{ c|upper }}|{{ c|title }}|{{ c|e }}", "«A\n\"É»|«A\n\"é»|«a\n&#34;é»")]
    [InlineData("{{ c|list|join('-') }}", "«a»-«\n»-«\"»-«é»")]
    [InlineData("{{ '<%s>' % c }}{{ '<%r>' % c }}{{ '[{}]'.format(c) }}{{ '{:>6}'.format(c) }}", "<«a\n\"é»><'«a\\n\"é»'>[«a\n\"é»]  «a\n\"é»")]
    [InlineData("{{ 'x' ~ c ~ 'y' }}{{ c + '!' }}{{ c * 2 }}", "x«a\n\"é»y«a\n\"é»!«a\n\"éa\n\"é»")]
    [InlineData("{{ c.split('\\n')|join(',') }}{{ c.splitlines() }}", "«a»,«\"é»['«a»', '«\"é»']")]
    [InlineData("{{ c|indent(2) }}|{{ c|urlencode }}|{{ c.center(6) }}", "«a»\n  «\"é»|«a%0A%22%C3%A9»| «a\n\"é» ")]
    [InlineData("{{ c.translate({97: 'z'}) }}|{{ c.zfill(6) }}|{{ c|trim('a') }}", "z«\n\"é»|00«a\n\"é»|«\n\"é»")]
    [InlineData("{{ (c if true else 'x')|default('y') }}{{ dict(k=c).k }}{{ namespace(k=c).k }}", "«a\n\"éa\n\"éa\n\"é»")]
    [InlineData("{% set x %}<{{ c }}>{% endset %}{{ x }}{% macro f(y) %}({{ y }}){% endmacro %}{{ f(c) }}", "<«a\n\"é»>(«a\n\"é»)")]
    [InlineData("{% filter upper %}x{{ c }}{% endfilter %}{% for k in c %}{{ k }}.{% endfor %}", "X«A\n\"Éa».«\n».«\"».«é».")]
    [InlineData("{{ c|wordwrap(2) }}|{{ c|truncate(3, true, '', 0) }}|{{ c|striptags }}", "«a»\n«\"é»|«a\n\"»|«a» «\"é»")]
    [InlineData("{{ {c: 1}|dictsort }}{{ [c]|map('lower')|list }}{{ [c, c]|unique|first }}", "[('«a\\n\"é»', 1)]['«a\\n\"é»']«a\n\"é»")]
    [InlineData("{{ c|string|safe }}{{ c|reverse }}{{ c|first }}{{ c|last }}{{ [c]|min }}", "«a\n\"éé\"\naaéa\n\"é»")]
    [InlineData("{{ messages[1].content|int + 1 }}|{{ messages[1].content|float }}|{{ '%05d' % (messages[1].content|int) }}", "«43»|«42.0»|«00042»")]
    public void Marks_of_content_survive(string source, string expected)
    {
        var rendered = ChatTemplate.Parse("t", "{% set c = messages[0].content %}" + source).Render([new("user", "a\n\"é"), new("user", "42")]);
        Assert.Equal(expected, Marked(rendered));
    }

    [Fact]
    public void Numbers_and_keys_of_tool_calls_are_content()
    {
        using var arguments = JsonDocument.Parse("""{"n": 4711, "x": [1.50, true, null]}""");
        var rendered = ChatTemplate.Parse("t", "{{ messages[0].tool_calls[0].function.arguments|tojson }}")
            .Render([new("assistant", null) { ToolCalls = [new ToolCall("f", arguments.RootElement)] }]);
        Assert.Equal("""{"«n»": «4711», "«x»": [«1.5», «true», «null»]}""", Marked(rendered));
    }

    [Theory]
    [InlineData("{{ c|urlize }}")]
    [InlineData("{{ c.encode() }}")]
    [InlineData("{{ strftime_now(c) }}")]
    [InlineData("{{ ('{:' ~ c ~ '}').format(1) }}")]
    public void Where_marks_can_not_follow_the_rendering_is_refused(string source) => Assert.Contains(
        "can't follow",
        Assert.Throws<CheckpointException>(() => ChatTemplate.Parse("t", "{% set c = messages[0].content %}" + source).Render([new("user", "%Y >5")])).Message,
        StringComparison.Ordinal);

    [Fact]
    public void What_generation_holds_is_known_and_contents_in_it_keep_their_marks()
    {
        var rendered = ChatTemplate.Parse("t", "{% for m in messages if m.role == 'assistant' %}<{%- generation -%}\n {{ m.content|upper }}. {% endgeneration %}>{% endfor %}").Render([new("user", "q"), new("assistant", "a"), new("assistant", "b")]);
        Assert.Equal("<«A». ><«B». >", Marked(rendered));
        Assert.Equal(["A. ", "B. "], rendered.Generated!.Select(range => rendered.Text[range]));
        Assert.Null(ChatTemplate.Parse("t", "x").Render([new("user", "q")]).Generated);
    }

    /// <summary>The text with its contents in marks.</summary>
    private static string Marked(RenderedChat chat)
    {
        var text = chat.Text;
        foreach (var span in chat.Contents.Reverse())
        {
            text = text.Insert(span.End, "»").Insert(span.Start, "«");
        }

        return text.Replace("»«", string.Empty, StringComparison.Ordinal);
    }
}
