using System.Text.Json;
using Jigsaw.Batches;
using Jigsaw.Models;
using Jigsaw.Models.Generation;
using Jigsaw.Tokenization;
using static TorchSharp.torch;

namespace Jigsaw.Runtime.Tests.Models;

/// <summary>A real model of 135 million parameters, against what transformers computed with its weights in float32.</summary>
public sealed class SmolLM2Tests
{
    [SmolLM2Fact]
    public void Ids_and_rendered_chats_are_those_of_transformers()
    {
        var tokenizer = Tokenizer.Load(SmolLM2FactAttribute.Folder!);
        using var expected = Expected();
        foreach (var chat in expected.RootElement.GetProperty("chats").EnumerateArray())
        {
            var messages = Messages(chat);
            Assert.Equal(chat.GetProperty("rendered").GetString(), tokenizer.ChatTemplate!.Render(messages, addGenerationPrompt: true).Text);
            Assert.Equal(Ids(chat, "ids"), new NoiseTokenizer(tokenizer).Tokenize(messages, addGenerationPrompt: true).Ids);
            Assert.Equal(chat.GetProperty("generated_text").GetString(), tokenizer.Decode(Ids(chat, "generated")));
        }

        foreach (var text in expected.RootElement.GetProperty("texts").EnumerateArray())
        {
            Assert.Equal(Ids(text, "ids"), tokenizer.Encode(text.GetProperty("text").GetString()!));
        }

        Assert.Equal(["a", "\u0120\u0120", "2"], tokenizer.Encode("a  2").Select(id => tokenizer.TokenOf(id, skipSpecial: false)!));
    }

    [SmolLM2Fact]
    public void Logits_losses_and_greedy_replies_are_those_of_transformers()
    {
        using var scope = NewDisposeScope();
        using var grad = no_grad();
        using var oracle = Oracle.Open("smollm2");
        using var model = CausalLM.Load(SmolLM2FactAttribute.Folder!, CPU, ScalarType.Float32);
        for (var i = 0; oracle.Has($"chat.{i}.ids"); i++)
        {
            var (ids, mask) = Batch(oracle.Read($"chat.{i}.ids"));
            var last = model.Run(model.Embed(ids), mask).Last!;
            Oracle.AssertClose(model.Head.Logits(last[0, -1]), oracle.Read($"chat.{i}.logits"), Oracle.LogitTolerance);
            var generated = model.GenerateFromIds(ids, mask, options: new GenerationOptions { MaxNewTokens = 20, EndTokens = [] })[0];
            Assert.Equal(oracle.Read($"chat.{i}.generated").data<long>().Select(id => (int)id), generated);
        }

        for (var i = 0; oracle.Has($"text.{i}.ids"); i++)
        {
            var (ids, mask) = Batch(oracle.Read($"text.{i}.ids"));
            var logits = model.Head.Logits(model.Run(model.Embed(ids), mask).Last!)[0];
            var nll = nn.functional.cross_entropy(logits.narrow(0, 0, logits.shape[0] - 1), ids[0].narrow(0, 1, ids.shape[1] - 1), reduction: nn.Reduction.None);
            Oracle.AssertClose(nll, oracle.Read($"text.{i}.nll"), Oracle.LogitTolerance);
        }
    }

    [SmolLM2Fact]
    public void A_base_in_bfloat16_is_near_the_one_in_float32()
    {
        using var scope = NewDisposeScope();
        using var grad = no_grad();
        using var oracle = Oracle.Open("smollm2");
        using var model = CausalLM.Load(SmolLM2FactAttribute.Folder!, CPU, ScalarType.BFloat16);
        var (ids, mask) = Batch(oracle.Read("chat.0.ids"));
        var last = model.Run(model.Embed(ids), mask).Last!;
        Oracle.AssertClose(model.Head.Logits(last[0, -1]), oracle.Read("chat.0.logits"), 5e-2);
    }

    private static (Tensor Ids, RowMask Mask) Batch(Tensor ids)
    {
        var length = (int)ids.shape[0];
        return (ids.unsqueeze(0), RowMask.FromHost([.. Enumerable.Repeat(true, length)], 1, length, CPU));
    }

    private static JsonDocument Expected() => JsonDocument.Parse(File.ReadAllText(TestData.Path("models", "smollm2", "expected.json")));

    private static ChatMessage[] Messages(JsonElement chat) =>
        [.. chat.GetProperty("messages").EnumerateArray().Select(message => new ChatMessage(message.GetProperty("role").GetString()!, message.GetProperty("content").GetString()!))];

    private static int[] Ids(JsonElement element, string name) => [.. element.GetProperty(name).EnumerateArray().Select(id => id.GetInt32())];
}
