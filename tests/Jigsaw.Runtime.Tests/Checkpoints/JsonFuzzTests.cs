using System.Globalization;
using System.Text;
using Jigsaw.Checkpoints;
using Jigsaw.Models;
using Jigsaw.Models.Configuration;
using Jigsaw.Models.Lora;
using Jigsaw.Tokenization;

namespace Jigsaw.Runtime.Tests.Checkpoints;

/// <summary>Damages the JSON files of a checkpoint at random and asks that each is read or refused with a sentence. More with JIGSAW_FUZZ_MUTATIONS.</summary>
public sealed class JsonFuzzTests
{
    private const int DefaultCount = 150;

    private static readonly string[] _fragments =
        ["{", "}", "[", "]", ",", ":", "\"", "null", "true", "-1", "0", "1e400", "2147483647", "99999999999", "\"\\ud800\"", "\"(\"", "\"x\"", "[[[]]]", "{}", "\\u0000", "{% for %}", "{{", "}}"];

    [Theory]
    [InlineData("llama-tied-rope3", "config.json")]
    [InlineData("llama-tied-rope3", "model.safetensors.index.json")]
    [InlineData("llama-tied-rope3", "generation_config.json")]
    [InlineData("lora/patterns", "adapter_config.json")]
    [InlineData("tokenizers/sentencepiece", "tokenizer.json")]
    [InlineData("tokenizers/sentencepiece", "tokenizer_config.json")]
    [InlineData("tokenizers/qwen2", "chat_template.jinja")]
    public void A_damaged_file_is_read_or_refused_but_never_does_harm(string source, string name)
    {
        var count = int.TryParse(Environment.GetEnvironmentVariable("JIGSAW_FUZZ_MUTATIONS"), CultureInfo.InvariantCulture, out var asked) ? asked / 7 : DefaultCount;
        using var folder = new TemporaryFolder();
        foreach (var file in Directory.GetFiles(TestData.Path("models", source)))
        {
            File.Copy(file, folder[Path.GetFileName(file)]);
        }

        var good = File.ReadAllText(folder[name]);
        var random = new Random(name.Length);
        var refused = 0;
        for (var i = 0; i < count; i++)
        {
            File.WriteAllText(folder[name], Mutated(good, random));
            try
            {
                Read(source, folder.Path);
            }
            catch (CheckpointException)
            {
                refused++;
            }
            catch (ArgumentException exception) when (exception.Message.StartsWith("The chat template refuses", StringComparison.Ordinal))
            {
                refused++;
            }
        }

        Assert.InRange(refused, count / 50, count);
    }

    private static void Read(string source, string directory)
    {
        if (source.StartsWith("tokenizers", StringComparison.Ordinal))
        {
            var tokenizer = Tokenizer.Load(directory);
            tokenizer.Decode(tokenizer.Encode("Hello, 12 <|im_end|>"));
            tokenizer.ChatTemplate?.Render([new ChatMessage("user", " hi ")], addGenerationPrompt: true);
        }
        else if (source.StartsWith("lora", StringComparison.Ordinal))
        {
            LoraConfig.Read(directory);
        }
        else
        {
            var config = CausalLMConfig.Read(directory);
            using var weights = CheckpointWeights.Open(directory);
            CausalLMTensors.Check(config, weights);
        }
    }

    private static string Mutated(string good, Random random)
    {
        var text = new StringBuilder(good);
        for (var edits = random.Next(1, 4); edits > 0; edits--)
        {
            var at = random.Next(text.Length + 1);
            var length = Math.Min(random.Next(0, 12), text.Length - at);
            text.Remove(at, length).Insert(at, random.Next(3) == 0 ? string.Empty : _fragments[random.Next(_fragments.Length)]);
        }

        return text.ToString();
    }
}
