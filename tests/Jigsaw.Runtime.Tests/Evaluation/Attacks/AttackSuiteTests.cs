using System.Text.Json;
using Jigsaw.Data;
using Jigsaw.Evaluation.Attacks;
using Jigsaw.Models;
using Jigsaw.Models.Lora;
using Jigsaw.Tokenization;
using static TorchSharp.torch;

namespace Jigsaw.Runtime.Tests.Evaluation.Attacks;

public sealed class AttackSuiteTests : IDisposable
{
    private static readonly AttackSuiteOptions _small = new() { PosteriorChats = 2, SearchedChats = 1, Facts = 4, BoundValues = 5, DecoyValues = [5], Draws = [1, 4], Resamples = 50, Beams = 2 };

    private readonly AttackOracle _oracle = new("protected", ScalarType.Float32);
    private readonly NoiseTokenizer _tokenizer = new(Tokenizer.Load(TestData.Path("models", "support-lm"))) { NoiseRoles = ["user"] };

    public void Dispose() => _oracle.Dispose();

    [Fact]
    public void Chats_are_what_the_reference_tokenized_and_its_facts_stand_where_it_found_them()
    {
        using var scope = NewDisposeScope();
        var chats = Chats(7).Select(chat => AttackedChat.Of(chat, _tokenizer)).ToArray();
        foreach (var name in _oracle.Chats)
        {
            var (ids, noise, _) = _oracle.Row(name);
            var chat = chats[int.Parse(name["chat".Length..], System.Globalization.CultureInfo.InvariantCulture)];

            // The template's last line end is not in the reference.
            Assert.Equal(ids, chat.Ids[..ids.Length]);
            Assert.Equal(noise, chat.Noise[..ids.Length]);
        }

        foreach (var expected in AttackOracle.Bound.GetProperty("facts").EnumerateArray())
        {
            var fact = Assert.Single(chats[expected.GetProperty("line").GetInt32()].Facts, fact => fact.Kind == expected.GetProperty("kind").GetString());
            Assert.Equal((expected.GetProperty("text").GetString(), FactState.Placed, false, expected.GetProperty("positions")[0].GetInt32()), (fact.Text, fact.State, fact.Told, fact.Place));
            Assert.Equal(expected.GetProperty("alternatives")[0].EnumerateArray().Select(id => id.GetInt64()), fact.Value);
        }

        // Its address contains the name once more.
        Assert.Equal(FactState.Repeated, chats[1].Facts.Single(fact => fact.Kind == "last").State);
        Assert.True(chats[0].Facts.Single(fact => fact.Kind == "city").Told);
    }

    [Fact]
    public void Other_values_of_a_fact_are_of_its_kind_and_length_and_always_the_same()
    {
        var chats = Chats(200);
        var alternatives = new FactAlternatives(chats, _tokenizer.Tokenizer, seed: 0);
        var fact = AttackedChat.Of(chats[1], _tokenizer).Facts.Single(fact => fact.Kind == "date");
        var values = alternatives.Of(fact, 1, 20);
        Assert.Equal(20, values.Count);
        Assert.Equal(fact.Value, values[0]);
        Assert.Equal(20, values.Select(value => string.Join(' ', value)).Distinct().Count());
        Assert.All(values, value => Assert.Equal(fact.Value.Length, value.Length));
        Assert.All(values, value => Assert.Contains(chats, chat => chat.Facts.GetValueOrDefault("date") == _tokenizer.Tokenizer.Decode(value.Select(id => (int)id)).TrimStart(' ')));
        Assert.Equal(values, new FactAlternatives(chats, _tokenizer.Tokenizer, seed: 0).Of(fact, 1, 20));
        Assert.NotEqual(values, new FactAlternatives(chats, _tokenizer.Tokenizer, seed: 1).Of(fact, 1, 20));
    }

    [Fact]
    public void A_suite_gives_one_record_and_one_table_and_its_controls_hold()
    {
        using var adapters = LoraAdapters.Create(_oracle.Model, new LoraConfig { Rank = 2 }, seed: 0);
        var steps = new List<double>();
        var report = Run(Chats(30), _small with { Adapters = adapters }, (_, share) => steps.Add(share));
        Assert.Equal(30, report.Chats);
        Assert.Equal(steps.Order(), steps);
        Assert.Equal(1, steps[^1]);
        Assert.All(report.Figures, row => Assert.True(row.Value is null || double.IsFinite(row.Value.Value), row.ToString()));
        Assert.All(report.Figures, row => Assert.True(row.Low is null || (row.Low <= row.Value && row.Value <= row.High), row.ToString()));
        Assert.Equal(report.Figures.Count, report.Figures.Select(row => (row.Attack, row.Draws, row.Figure)).Distinct().Count());
        Assert.Equal(report.Figures.Count + 1, report.ToTable().Count);
        using var json = JsonDocument.Parse(report.ToJson());
        Assert.Equal(report.Figures.Count, json.RootElement.GetProperty("figures").GetArrayLength());

        Assert.Equal(1.0, report.Value("control x̃ = x: exact likelihood attack", "tokens, true prefix given"));
        Assert.Equal(0, report.Value("control pure noise: exact likelihood attack", "bits per token, true prefix given")!.Value, 0.05);
        Assert.Equal(1.0, report.Value("control x̃ = x: nearest neighbor", "tokens"));
        Assert.True(report.Value("control pure noise: nearest neighbor", "tokens") < 0.1);
        Assert.Contains("The exact likelihood attack tries 2048 of 2048 tokens", report.Notes[0], StringComparison.Ordinal);
        foreach (var draws in new[] { 1, 4 })
        {
            Assert.NotNull(report.Value("exact likelihood attack", "bits per token not in the reply, true prefix given", draws));
            Assert.NotNull(report.Value("exact likelihood attack", "untold fact among 5, hit@1", draws));
            Assert.InRange(report.Value("bound over all attackers", "naming the fact among 5, at most", draws)!.Value, 0.2, 1);
        }
    }

    [Fact]
    public void An_evaluation_of_one_chat_has_figures_and_no_interval()
    {
        var report = Run(Chats(1), _small);
        Assert.Equal(1, report.Chats);
        Assert.All(report.Figures, row => Assert.Null(row.Low));
        Assert.NotNull(report.Value("nearest neighbor", "tokens"));
        Assert.Null(report.Value("exact likelihood attack", "untold fact among 5, hit@1"));
        Assert.True(report.LeftOut["untold facts with fewer than 4 others of their kind and token length, of the decoys"] > 0);
        Assert.Contains(report.ToTable(), row => row[4] == "–");
    }

    [Fact]
    public void Chats_without_a_reply_or_a_transformed_token_and_facts_that_are_nowhere_are_counted()
    {
        ChatMessage user = new(ChatMessage.User, "Tammy Richardson here."), empty = new(ChatMessage.Assistant, ""), system = new(ChatMessage.System, "Be kind."), reply = new(ChatMessage.Assistant, "Hello Tammy.");
        var chats = new[]
        {
            new ChatExample([user, empty], new Dictionary<string, string> { ["first"] = "Tammy", ["city"] = "Berlin", ["part"] = "ammy" }),
            new ChatExample([system, reply], new Dictionary<string, string>()),
        };
        var chat = AttackedChat.Of(chats[0], _tokenizer);
        Assert.DoesNotContain(true, chat.InReply);
        Assert.Equal("", chat.Reply);
        var report = Run(chats, _small);
        Assert.Equal(1, report.Chats);
        Assert.Equal(1, report.LeftOut["chats without a transformed token"]);
        Assert.Equal(1, report.LeftOut["facts that no transformed text contains"]);
        Assert.Equal(1, report.LeftOut["facts that stand more than once, or share words with another"]);
        Assert.Null(report.Value("exact likelihood attack", "tokens in the reply"));
        Assert.StartsWith("None of 1 chats has a transformed token;", Assert.Throws<ArgumentException>(() => Run(chats[1..], _small)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Numbers_out_of_range_and_another_model_get_a_sentence()
    {
        var chats = Chats(1);
        Assert.StartsWith("AttackSuiteOptions.Draws is 0; use numbers from 1 on.", Assert.Throws<ArgumentException>(() => Run(chats, _small with { Draws = [0] })).Message, StringComparison.Ordinal);
        Assert.StartsWith("AttackSuiteOptions.BoundValues is 1; use at least 2,", Assert.Throws<ArgumentException>(() => Run(chats, _small with { BoundValues = 1 })).Message, StringComparison.Ordinal);
        using var other = CausalLM.Load(TestData.Path("models", "llama-gqa"), CPU, ScalarType.Float32);
        Assert.StartsWith("The transform is for an embedding table of shape (2048, 128),", Assert.Throws<ArgumentException>(() => AttackSuite.Run(other, _oracle.Transform, _tokenizer, chats, _small)).Message, StringComparison.Ordinal);
        using var canceled = new CancellationTokenSource();
        canceled.Cancel();
        Assert.Throws<OperationCanceledException>(() => AttackSuite.Run(_oracle.Model, _oracle.Transform, _tokenizer, chats, _small, cancellation: canceled.Token));
    }

    private static IReadOnlyList<ChatExample> Chats(int count) => ChatDataset.Read(TestData.Path("models", "support-lm", "data", "eval.jsonl"), count).Examples;

    private AttackReport Run(IReadOnlyList<ChatExample> chats, AttackSuiteOptions options, Action<string, double>? progress = null) =>
        AttackSuite.Run(_oracle.Model, _oracle.Transform, _tokenizer, chats, options, progress);
}
