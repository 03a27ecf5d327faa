using System.Globalization;
using Jigsaw.Gguf;
using Xunit.Abstractions;

namespace Jigsaw.LLamaSharp.Tests;

/// <summary>What the client sends is understood by the trained model on llama.cpp as by the runtime, and by the base not.</summary>
public sealed class EngineTests(EngineFixture fixture, ITestOutputHelper output) : IClassFixture<EngineFixture>
{
    [LLamaTheory]
    [InlineData(GgufType.Float32, false, 1e-3)]
    [InlineData(GgufType.Float16, false, 5e-2)]
    [InlineData(GgufType.Float32, true, 1e-3)]
    public async Task Greedy_replies_on_llama_cpp_are_those_of_the_runtimes_student(GgufType type, bool asAdapter, double tie)
    {
        var engines = fixture.Engines;
        using var engine = engines.Engine(type, merged: !asAdapter, asAdapter);
        var (equal, ties, tokens) = (0, new List<double>(), 0);
        foreach (var (prompt, expected) in engines.Prompts.Zip(engines.StudentReplies))
        {
            var actual = await engines.ReplyAsync(engine, prompt);
            var same = expected.Zip(actual).TakeWhile(pair => pair.First == pair.Second).Count();
            tokens += same;
            if (same == expected.Length && same == actual.Length)
            {
                equal++;
                continue;
            }

            // Where the two best tokens are nearly equal, rounding decides, and the rest is another reply.
            var gap = engines.Gap(prompt, expected[..same], expected[same], actual[same]);
            Assert.True(gap < tie, string.Create(CultureInfo.InvariantCulture, $"After {same} tokens llama.cpp says another one, {gap} behind."));
            ties.Add(gap);
        }

        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{type}{(asAdapter ? " with the adapters beside the base" : "")}: {equal} of {engines.Chats.Count} replies equal, {tokens} tokens; ties: {string.Join(", ", ties.Select(gap => gap.ToString("G2", CultureInfo.InvariantCulture)))}"));
        Assert.InRange(ties.Count, 0, type == GgufType.Float32 ? 2 : 10);
    }

    [LLamaTheory]
    [InlineData(GgufType.Float32, 1e-4)]
    [InlineData(GgufType.Float16, 1e-2)]
    public async Task Logits_on_llama_cpp_are_those_of_the_runtimes_student(GgufType type, double most)
    {
        var engines = fixture.Engines;
        using var engine = engines.Engine(type, merged: true);
        var largest = 0.0;
        foreach (var prompt in engines.Prompts.Take(5))
        {
            var (expected, actual) = (engines.Logits(prompt), await engine.LogitsAsync(prompt));
            largest = Math.Max(largest, expected.Zip(actual).Max(rows => rows.First.Zip(rows.Second).Max(pair => Math.Abs(pair.First - pair.Second)) / rows.First.Max(Math.Abs)));
        }

        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{type}: logits differ by {largest:G2} of the largest of their row."));
        Assert.InRange(largest, 0, most);
    }

    [LLamaFact]
    public async Task The_base_on_llama_cpp_makes_nothing_of_what_the_trained_model_understands()
    {
        var engines = fixture.Engines;
        if (!engines.IsTrained)
        {
            output.WriteLine("Without a trained transform there is nothing that the base must not understand.");
            return;
        }

        using var bare = engines.Engine(GgufType.Float32, merged: false);
        var (byBase, byStudent, agreeing, tokens) = (0, 0, 0, 0);
        for (var i = 0; i < engines.Prompts.Count; i++)
        {
            var clean = engines.CleanReplies[i];
            tokens += clean.Length;
            byBase += Equal(clean, await engines.ReplyAsync(bare, engines.Prompts[i]));
            byStudent += Equal(clean, engines.StudentReplies[i]);
            agreeing += engines.Agreeing(engines.Prompts[i], clean);
            if (i < 3)
            {
                output.WriteLine($"clean   {engines.Transform.Tokenizer.Decode(clean)}");
                output.WriteLine($"student {engines.Transform.Tokenizer.Decode(engines.StudentReplies[i])}");
            }
        }

        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Of {tokens} tokens of the clean replies the base says {100.0 * byBase / tokens:F1} % at their places on x̃, the student {100.0 * byStudent / tokens:F1} %, and {100.0 * agreeing / tokens:F1} % behind the tokens before."));
        Assert.InRange((double)byBase / tokens, 0, 0.05);

        // One other word shifts all that follow, so at their places a model of many ways to say a thing has few.
        Assert.InRange(byStudent, (10 * byBase) + 1, tokens);
        Assert.InRange((double)agreeing / tokens, 0.5, 1);
    }

    private static int Equal(int[] one, int[] other) => one.Zip(other).Count(pair => pair.First == pair.Second);
}
