using System.Diagnostics;
using Jigsaw.Checkpoints;
using Jigsaw.Tokenization;

namespace Jigsaw.Runtime.Tests.Tokenization;

public sealed class TemplateLimitTests
{
    [Theory]
    [InlineData("{% for i in range(1000000) %}{% endfor %}", "a range of more than 100,000")]
    [InlineData("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", "runs deeper than")]
    [InlineData("{% set ns = namespace() %}{% set ns.x = ns %}{{ ns }}", "runs deeper than")]
    [InlineData("{% set ns = namespace(l=[]) %}{% for i in range(20000) %}{% set ns.l = [ns.l] %}{% endfor %}{{ ns.l }}", "runs deeper than")]
    [InlineData("{% set ns = namespace(l=[]) %}{% for i in range(20000) %}{% set ns.l = [ns.l] %}{% endfor %}{{ ns.l|tojson }}", "runs deeper than")]
    [InlineData("{% set ns = namespace(l=[], m=[]) %}{% for i in range(20000) %}{% set ns.l = [ns.l] %}{% set ns.m = [ns.m] %}{% endfor %}{{ ns.l == ns.m }}", "runs deeper than")]
    [InlineData("{% set ns = namespace(l=[1], m=[1]) %}{% for i in range(20000) %}{% set ns.l = [ns.l] %}{% set ns.m = [ns.m] %}{% endfor %}{{ ns.l < ns.m }}", "runs deeper than")]
    [InlineData("{% set ns = namespace(l=()) %}{% for i in range(20000) %}{% set ns.l = (ns.l,) %}{% endfor %}{{ {ns.l: 1} }}", "runs deeper than")]
    [InlineData("{% set ns = namespace(l=[]) %}{% for i in range(20000) %}{% set ns.l = [ns.l] %}{% endfor %}{{ ns.l|pprint }}", "runs deeper than")]
    [InlineData("{% set ns = namespace(d={}) %}{% for i in range(2000) %}{% set ns.d = {'a': ns.d} %}{% endfor %}{{ ns.d }}", "runs deeper than")]
    [InlineData("{% for x in [[]] recursive %}{{ loop([[]]) }}{% endfor %}", "runs deeper than")]
    [InlineData("{% macro f() %}{% call f() %}{{ caller() }}{% endcall %}{% endmacro %}{{ f() }}", "runs deeper than")]
    [InlineData("{% block a %}{{ self.a() }}{% endblock %}", "runs deeper than")]
    [InlineData("{{ 'a' * 1000000000 }}", "repeats a value")]
    [InlineData("{{ [1] * 1000000000 }}", "repeats a value")]
    [InlineData("{{ 10 ** (10 ** 10) }}", "integer of more than")]
    [InlineData("{{ 7 ** 100000 }}", "integer of more than")]
    [InlineData("{% set ns = namespace(n=7) %}{% for i in range(100000) %}{% set ns.n = ns.n * ns.n %}{% endfor %}", "integer of more than")]
    [InlineData("{{ 2 ** 60000 }}", "integer of more than 4,300 digits")]
    [InlineData("{{ 'x'.center(1000000000) }}", "makes a text of")]
    [InlineData("{{ 'x'.zfill(1000000000) }}", "makes a text of")]
    [InlineData("{{ 'x\\t'.expandtabs(1000000000) }}", "makes a text of")]
    [InlineData("{{ '%1000000000d' % 1 }}", "too large")]
    [InlineData("{{ '{:1000000000}'.format(1) }}", "too large")]
    [InlineData("{{ '%.60000000f' % 1.5 }}", "more than 2,000 digits")]
    [InlineData("{{ 'a\\nb'|indent(1000000000) }}", "makes a text of")]
    [InlineData("{{ [1]|tojson(indent=1000000000) }}", "makes a text of")]
    [InlineData("{{ [1]|batch(1000000000, 'x')|list }}", "steps of work")]
    [InlineData("{{ [1]|slice(1000000000)|list }}", "steps of work")]
    [InlineData("{% set ns = namespace(s='ab') %}{% for i in range(100) %}{% set ns.s = ns.s.replace('a', ns.s ~ ns.s) %}{% endfor %}", "more than")]
    [InlineData("{% set ns = namespace(s='ab') %}{% for i in range(100) %}{% set ns.s = ns.s.join(ns.s) %}{% endfor %}", "more than")]
    [InlineData("{% set ns = namespace(l=[1]) %}{% for i in range(100) %}{% set ns.l = ns.l + ns.l %}{% endfor %}", "steps of work")]
    [InlineData("{% set s = 'a' * 3000000 %}{% for i in range(100) %}{% set x = s|list %}{% endfor %}", "steps of work")]
    [InlineData("{% set s = 'a' * 10000000 %}{{ s.find('a' * 5000000 ~ 'b') }}", "steps of work")]
    [InlineData("{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}", "steps of work")]
    [InlineData("{% for i in range(100000) %}{{ 'x' * 500 }}{% endfor %}", "more than")]
    [InlineData("{{ 'a@' * 200000 ~ '.'|urlize }}{{ ('a.' * 300000)|urlize|length }}", "a")]
    [InlineData("{{ 1|round(1000000000) }}{{ 1.5|round(-1000000000) }}{{ 7|round(-1000000000) }}{{ 3|round(100000, 'floor') }}", "integer of more than")]
    public void A_template_that_asks_for_too_much_is_refused_in_a_sentence_within_five_seconds(string source, string named)
    {
        ChatTemplate.Parse("t", "{{ 'a'|upper }}").Render([new("user", "x")]);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var busy = Busy();
        string outcome;
        try
        {
            outcome = ChatTemplate.Parse("t", source).Render([new("user", "x")]).Text;
        }
        catch (CheckpointException exception)
        {
            outcome = exception.Message;
        }

        Assert.Contains(named, outcome, StringComparison.Ordinal);
        Assert.InRange(Busy() - busy, TimeSpan.Zero, TimeSpan.FromSeconds(5));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 3L << 30);
    }

    /// <summary>Time of a processor, which other work on the machine doesn't lengthen.</summary>
    private static TimeSpan Busy()
    {
        using var process = Process.GetCurrentProcess();
        return process.TotalProcessorTime;
    }

    [Fact]
    public void A_small_stack_is_no_reason_to_end_the_process()
    {
        Exception? noticed = null;
        var thread = new Thread(
            () => noticed = Record.Exception(() => ChatTemplate.Parse("t", "{% macro f(n) %}{{ [f(n + 1)]|map('upper')|join }}{% endmacro %}{{ f(0) }}").Render([new("user", "x")])),
            maxStackSize: 256 << 10);
        thread.Start();
        thread.Join();
        Assert.Contains("runs deeper than", Assert.IsType<CheckpointException>(noticed).Message, StringComparison.Ordinal);
    }
}
