using System.Globalization;
using System.Text.Json.Nodes;
using Jigsaw.Checkpoints;
using Jigsaw.Tokenization;

namespace Jigsaw.Runtime.Tests.Tokenization;

/// <summary>Templates and tokenizers put together at random of parts of good ones: each works or is refused in a sentence. More with JIGSAW_FUZZ_MUTATIONS.</summary>
public sealed class TemplateFuzzTests
{
    private const int Share = 2000;
    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(5);

    private static readonly string[] _tokens =
        ["{{", "}}", "{%", "%}", "{#", "#}", "-%}", "{%-", "(", ")", "[", "]", "{", "}", "|", ".", ",", ":", "=", "*", "**", "~", "if", "else", "for x in messages", "endfor", "endif", "set x =", "macro f()", "endmacro", "call f()", "endcall", "'x'", "messages", "range(99999)", "9999999999", "-1", "1e308", "none", "f()", "x", "loop", "recursive", "caller()", "tojson", "join", "replace('a', x)", "%s", "\\u0000", "\0"];

    [Fact]
    public void A_template_made_at_random_renders_or_is_refused_in_a_sentence()
    {
        var parts = JinjaAnswers.Cases("syntax.json").Select(entry => entry.Template).ToArray();
        var random = new Random(5);
        var (rendered, refused) = (0, 0);
        for (var i = 0; i < Count(); i++)
        {
            var template = parts[random.Next(parts.Length)];
            for (var edits = random.Next(1, 5); edits > 0; edits--)
            {
                var (at, other) = (random.Next(template.Length + 1), parts[random.Next(parts.Length)]);
                var cut = Math.Min(random.Next(0, 20), template.Length - at);
                var from = random.Next(other.Length);
                var inserted = random.Next(2) == 0 ? _tokens[random.Next(_tokens.Length)] : other.Substring(from, Math.Min(random.Next(1, 40), other.Length - from));
                template = string.Concat(template.AsSpan(0, at), inserted, template.AsSpan(at + cut));
            }

            var watch = System.Diagnostics.Stopwatch.StartNew();
            if (JinjaAnswers.Render(template) is null)
            {
                refused++;
            }
            else
            {
                rendered++;
            }

            Assert.True(watch.Elapsed < _limit, template);
        }

        Assert.True(rendered > Count() / 50 && refused > Count() / 50);
    }

    [Fact]
    public void A_tokenizer_whose_parts_are_changed_at_random_works_or_is_refused_in_a_sentence()
    {
        var good = TokenizerVariants.All.Keys.Select(name =>
        {
            using var folder = new TemporaryFolder();
            TokenizerVariants.Write(name, folder.Path);
            var json = JsonNode.Parse(File.ReadAllText(folder["tokenizer.json"]))!;
            json["model"]!["merges"] = new JsonArray();
            return json.ToJsonString();
        }).ToArray();
        using var directory = new TemporaryFolder();
        var random = new Random(6);
        var refused = 0;
        for (var i = 0; i < Count() / 5; i++)
        {
            var json = JsonNode.Parse(good[random.Next(good.Length)])!;
            var donor = JsonNode.Parse(good[random.Next(good.Length)])!;
            Change(json, donor, random);
            File.WriteAllText(directory["tokenizer.json"], json.ToJsonString());
            var watch = System.Diagnostics.Stopwatch.StartNew();
            try
            {
                var tokenizer = Tokenizer.Load(directory.Path);
                tokenizer.Decode(tokenizer.Encode("Hello, 12 <|im_end|> e\u0301 \U00020000\n\n", addFrame: true, AddedTokens.All));
            }
            catch (CheckpointException)
            {
                refused++;
            }

            Assert.True(watch.Elapsed < _limit, json.ToJsonString());
        }

        Assert.InRange(refused, Count() / 100, Count());
    }

    private static int Count() => int.TryParse(Environment.GetEnvironmentVariable("JIGSAW_FUZZ_MUTATIONS"), CultureInfo.InvariantCulture, out var asked) ? asked : Share;

    /// <summary>Replaces a part by one of another tokenizer, by a value of another kind, or by nothing.</summary>
    private static void Change(JsonNode json, JsonNode donor, Random random)
    {
        string[] fields = ["normalizer", "pre_tokenizer", "post_processor", "decoder", "added_tokens", "model"];
        var owner = json.AsObject();
        var name = fields[random.Next(fields.Length)];
        for (var depth = 0; depth < 4 && owner[name] is { } inner && random.Next(4) > 0; depth++)
        {
            if (inner is JsonArray { Count: > 0 } array)
            {
                inner = array[random.Next(array.Count)];
            }

            if (inner is not JsonObject { Count: > 0 } next)
            {
                break;
            }

            (owner, name) = (next, next.ElementAt(random.Next(next.Count)).Key);
        }

        owner[name] = random.Next(8) switch
        {
            0 => null,
            1 => -1,
            2 => 2147483647,
            3 => "x",
            4 => new JsonArray(),
            5 => new JsonObject(),
            6 => donor[fields[random.Next(4)]]?.DeepClone(),
            _ => "(?:[[:alpha:]&&\\p{L}]+|(",
        };
    }
}
