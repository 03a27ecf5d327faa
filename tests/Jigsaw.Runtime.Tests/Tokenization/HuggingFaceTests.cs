using System.Text;
using Jigsaw.Tokenization;
using Oracle = Tokenizers.DotNet.Tokenizer;

namespace Jigsaw.Runtime.Tests.Tokenization;

/// <summary>Ids and decoded texts on generated texts against Hugging Face's own library. <c>JIGSAW_TOKENIZER_TEXTS</c> says how many texts there are per tokenizer.</summary>
public sealed class HuggingFaceTests
{
    private const int Share = 300;

    private static readonly string[] _pieces =
    [
        " ", "  ", "   ", "\n", "\n\n", "\r\n", "\t", "\u0085", "\u00A0", "\u2028", "\u3000", "\u200B", "\u200D", "a", "b", "the", "The", "don't", "I'LL", "'S", "'ſ", "K", "x1", "z", "ab.", "``",
        "0", "7", "42", "1234", "٣٤", "½", "Ⅷ", "²", ".", ",", "!", "?!", "...", "-", "--", "_", "(", ")", "[", "'", "\"", "$", "+", "~", "—", "。", "、", "！", "«", "€",
        "é", "e\u0301", "A\u030A", "ñ", "ß", "ﬁ", "İ", "ΣΑΣ", "ǆ", "Å", "ｱ", "가", "각", "\u1112\u1161\u11AB", "q\u0323\u0307", "q\u0307\u0323", "\u0344", "中", "中文", "龥", "ひらがな", "カタカナ", "Привет", "Ж", "ελ", "עברית", "مرحبا", "हिन्दी", "ไทย",
        "𝐀", "𝟘", "𐐀", "𐐨", "𠀀", "𠀀𠀁", "😀", "👍🏽", "🏳️‍🌈", "\U000E0001", "\uE000", "\uFFFD", "▁", "▁▁", "<|im_end|>", "<|im_start|>", "<tool_call>", "<s>", "</s>", "<unk>", "<0x41>",
    ];

    public static TheoryData<string> Names => [.. TokenizerVariants.All.Keys];

    [LinuxTheory]
    [MemberData(nameof(Names))]
    public void Ids_and_decoded_texts_are_those_of_Hugging_Face_on_generated_texts(string name)
    {
        using var folder = new TemporaryFolder();
        TokenizerVariants.Write(name, folder.Path);
        var tokenizer = Tokenizer.Load(folder.Path);
        using var oracle = new Oracle(vocabPath: folder["tokenizer.json"]);
        var texts = Environment.GetEnvironmentVariable("JIGSAW_TOKENIZER_TEXTS") is { Length: > 0 } given ? int.Parse(given, System.Globalization.CultureInfo.InvariantCulture) : Share;
        var random = new Random(17);
        var differences = new List<string>();
        for (var i = 0; i < texts && differences.Count < 5; i++)
        {
            var text = Text(random);
            var expected = oracle.Encode(text).Select(id => (int)id).ToArray();
            var actual = tokenizer.Encode(text, addFrame: true, AddedTokens.All);
            var (decodedThere, decodedHere) = (oracle.Decode([.. expected.Select(id => (uint)id)]), tokenizer.Decode(expected, skipSpecial: true));
            if (!expected.SequenceEqual(actual))
            {
                differences.Add($"{Shown(text)}: {string.Join(' ', expected)}, not {string.Join(' ', actual)}");
            }
            else if (decodedThere != decodedHere)
            {
                differences.Add($"{Shown(text)} decoded: {Shown(decodedThere)}, not {Shown(decodedHere)}");
            }
        }

        Assert.Empty(differences);
    }

    private static string Text(Random random)
    {
        var text = new StringBuilder();
        for (var count = random.Next(1, 12); count > 0; count--)
        {
            text.Append(_pieces[random.Next(_pieces.Length)]);
        }

        return text.ToString();
    }

    private static string Shown(string text) => System.Text.Json.JsonSerializer.Serialize(text);
}
