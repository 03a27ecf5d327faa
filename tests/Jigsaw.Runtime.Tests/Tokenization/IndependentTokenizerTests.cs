using System.Text.Json;
using System.Text.RegularExpressions;
using CsCheck;
using Jigsaw.Tokenization;
using Microsoft.ML.Tokenizers;
using Tokenizer = Jigsaw.Tokenization.Tokenizer;

namespace Jigsaw.Runtime.Tests.Tokenization;

/// <summary>Byte-level ids on random texts against those of Microsoft.ML.Tokenizers, which gives Hugging Face's on all of the test data.</summary>
public sealed class IndependentTokenizerTests
{
    private static readonly Gen<string> _texts = Gen.Frequency(
        (6, Gen.String[Gen.Char['a', 'z'], 1, 8]),
        (3, Gen.OneOf(Gen.Const(" "), Gen.Const("  "), Gen.Const("\n"), Gen.Const("\r\n"), Gen.Const("\t"))),
        (2, Gen.String[Gen.Char['0', '9'], 1, 5]),
        (1, Gen.String[Gen.Char['!', '~'], 1, 3]),
        (1, Gen.OneOf(Gen.Const("é"), Gen.Const("漢字"), Gen.Const("привет"), Gen.Const("👍🏽"), Gen.Const("<|im_end|>"), Gen.Const("'ll"), Gen.Const("½"))))
        .Array[0, 20].Select(string.Concat);

    [Theory]
    [InlineData("byte-level-chatml")]
    [InlineData("qwen2")]
    public void Byte_level_ids_are_those_of_an_independent_implementation(string name)
    {
        var tokenizer = Tokenizer.Load(TestData.Path("models", "tokenizers", name));
        var other = Other(name);
        _texts.Sample(
            text => Assert.Equal(other.EncodeToIds(text), tokenizer.Encode(text, addedTokens: AddedTokens.All)),
            iter: 2000);
    }

    private static BpeTokenizer Other(string name)
    {
        using var document = JsonDocument.Parse(File.ReadAllText(TestData.Path("models", "tokenizers", name, "tokenizer.json")));
        var (root, model) = (document.RootElement, document.RootElement.GetProperty("model"));
        var special = root.GetProperty("added_tokens").EnumerateArray().ToDictionary(token => token.GetProperty("content").GetString()!, token => token.GetProperty("id").GetInt32());
        var pattern = root.GetProperty("pre_tokenizer").GetProperty("pretokenizers")[0].GetProperty("pattern").GetProperty("Regex").GetString()!;
        return BpeTokenizer.Create(new BpeOptions(model.GetProperty("vocab").EnumerateObject().Select(token => KeyValuePair.Create(token.Name, token.Value.GetInt32())).ToArray())
        {
            Merges = [.. model.GetProperty("merges").EnumerateArray().Select(merge => $"{merge[0].GetString()} {merge[1].GetString()}")],
            ByteLevel = true,
            SpecialTokens = special,
            PreTokenizer = new RegexPreTokenizer(new Regex(pattern, RegexOptions.CultureInvariant), special),
        });
    }
}
