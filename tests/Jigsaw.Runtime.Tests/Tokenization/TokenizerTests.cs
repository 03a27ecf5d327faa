using System.Text.Json;
using Jigsaw.Tokenization;

namespace Jigsaw.Runtime.Tests.Tokenization;

public sealed class TokenizerTests
{
    [Theory]
    [InlineData("byte-level-chatml")]
    public void Ids_and_texts_are_those_of_Hugging_Face(string name)
    {
        var tokenizer = Tokenizer.Load(TestData.Path("models", "tokenizers", name));
        using var expected = JsonDocument.Parse(File.ReadAllText(TestData.Path("models", "tokenizers", name, "expected.json")));
        foreach (var encoding in expected.RootElement.GetProperty("encodings").EnumerateArray())
        {
            var text = encoding.GetProperty("text").GetString()!;
            var ids = Ids(encoding, "ids");
            Assert.Equal((text, string.Join(' ', ids)), (text, string.Join(' ', tokenizer.Encode(text, addFrame: true, AddedTokens.All))));
            Assert.Equal((text, string.Join(' ', Ids(encoding, "ids_without_special"))), (text, string.Join(' ', tokenizer.Encode(text, addFrame: false, AddedTokens.All))));
            Assert.Equal((text, encoding.GetProperty("decoded").GetString()), (text, tokenizer.Decode(ids)));
            Assert.Equal((text, encoding.GetProperty("decoded_without_special").GetString()), (text, tokenizer.Decode(ids, skipSpecial: true)));
        }
    }

    private static int[] Ids(JsonElement encoding, string name) => [.. encoding.GetProperty(name).EnumerateArray().Select(id => id.GetInt32())];
}
