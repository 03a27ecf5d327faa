using Jigsaw.Client;
using Jigsaw.Client.Transports;
using Jigsaw.Gguf;
using Jigsaw.Runtime.Tests;
using Microsoft.Extensions.AI;

namespace Jigsaw.LLamaSharp.Tests;

public sealed class LLamaTransportTests : IClassFixture<EngineFixture>, IDisposable
{
    private static readonly CompletionOptions _greedy = new() { Temperature = 0, MaxTokens = 40 };

    private readonly Engines? _engines;
    private readonly LLamaTransport? _transport;

    public LLamaTransportTests(EngineFixture fixture)
    {
        ArgumentNullException.ThrowIfNull(fixture);
        if (LLamaLibrary.Missing is null)
        {
            _engines = fixture.Engines;
            _transport = _engines.Engine(GgufType.Float32, merged: true);
        }
    }

    [LLamaFact]
    public async Task A_reply_ends_at_the_models_end_token_and_is_the_runtimes_text()
    {
        var prompt = Prompt(0);
        var completion = await _transport!.CompleteAsync(prompt, _greedy);
        var expected = _engines!.StudentReplies[0];

        Assert.Equal("stop", completion.FinishReason);
        Assert.Equal(_engines.Transform.Tokenizer.Decode(expected, skipSpecial: true), completion.Text);
        Assert.Equal((prompt.TokenCount, expected.Length), (completion.PromptTokens, completion.CompletionTokens));
    }

    [LLamaFact]
    public async Task Asked_for_three_tokens_it_says_three()
    {
        var completion = await _transport!.CompleteAsync(Prompt(0), _greedy with { MaxTokens = 3 });
        Assert.Equal(("length", 3), (completion.FinishReason, completion.CompletionTokens!.Value));
    }

    [LLamaFact]
    public async Task A_stop_text_ends_the_reply_before_it()
    {
        var prompt = Prompt(0);
        var whole = (await _transport!.CompleteAsync(prompt, _greedy)).Text;
        var stop = whole[(whole.Length / 2)..(whole.Length / 2 + 6)];
        var completion = await _transport!.CompleteAsync(prompt, _greedy with { Stop = ["never said", stop] });

        Assert.Equal("stop", completion.FinishReason);
        Assert.Equal(whole[..whole.IndexOf(stop, StringComparison.Ordinal)], completion.Text);
    }

    [LLamaFact]
    public async Task A_stop_token_ends_the_reply_without_its_text()
    {
        var prompt = Prompt(0);
        var ids = _engines!.StudentReplies[0];
        var completion = await _transport!.CompleteAsync(prompt, _greedy with { StopTokenIds = [ids[5]] });

        Assert.Equal(_engines.Transform.Tokenizer.Decode(ids[..Array.IndexOf(ids, ids[5])]), completion.Text);
        Assert.Equal("stop", completion.FinishReason);
    }

    [LLamaFact]
    public async Task Requests_at_the_same_time_get_each_its_own_reply()
    {
        var prompts = Enumerable.Range(0, 6).Select(Prompt).ToArray();
        var alone = new List<string>();
        foreach (var prompt in prompts)
        {
            alone.Add((await _transport!.CompleteAsync(prompt, _greedy)).Text);
        }

        var together = await Task.WhenAll(prompts.Select(prompt => Task.Run(() => _transport!.CompleteAsync(prompt, _greedy))));
        var batch = await _transport!.CompleteAsync(prompts, _greedy);
        Assert.Equal(alone, together.Select(completion => completion.Text));
        Assert.Equal(alone, batch.Select(completion => completion.Text));
        Assert.Equal(alone.Count, alone.Distinct().Count());
    }

    [LLamaFact]
    public async Task A_seed_draws_the_same_reply_again_and_another_seed_another()
    {
        var prompt = Prompt(1);
        var options = new CompletionOptions { Temperature = 1.5, TopK = 200, TopP = 0.99, Seed = 3, MaxTokens = 30 };
        var first = await _transport!.CompleteAsync(prompt, options);

        Assert.Equal(first, await _transport!.CompleteAsync(prompt, options));
        Assert.NotEqual(first.Text, (await _transport!.CompleteAsync(prompt, options with { Seed = 4 })).Text);
    }

    [LLamaFact]
    public async Task Who_goes_away_leaves_the_model_to_the_next()
    {
        using var cancellation = new CancellationTokenSource();
        var parts = 0;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var part in _transport!.StreamAsync([Prompt(0)], _greedy with { MaxTokens = 400, StopTokenIds = [] }, cancellation.Token))
            {
                if (++parts == 3)
                {
                    await cancellation.CancelAsync();
                }
            }
        });
        await foreach (var part in _transport!.StreamAsync([Prompt(0)], _greedy))
        {
            break;
        }

        Assert.Equal(3, parts);
        Assert.Equal("stop", (await _transport!.CompleteAsync(Prompt(2), _greedy)).FinishReason);
    }

    [LLamaFact]
    public async Task A_prompt_that_leaves_no_room_for_a_reply_is_refused_by_a_sentence()
    {
        var ids = new int[512];
        var refused = await Assert.ThrowsAsync<TransportException>(() => _transport!.CompleteAsync(_engines!.Transform.Transform(ids, new bool[512]), _greedy));
        Assert.Contains("512", refused.Message, StringComparison.Ordinal);
        Assert.Equal(System.Net.HttpStatusCode.BadRequest, refused.StatusCode);
    }

    [LLamaFact]
    public async Task A_reply_ends_where_the_context_is_full()
    {
        var completion = await _transport!.CompleteAsync(_engines!.Transform.Transform([.. Enumerable.Repeat(100, 510)], new bool[510]), _greedy);
        Assert.Equal(3, completion.CompletionTokens);
        Assert.Equal("length", completion.FinishReason);
    }

    [LLamaFact]
    public async Task It_is_a_chat_client_and_a_turn_sees_the_one_before()
    {
        using var chat = new TransformedChatClient(_engines!.Transform, _transport!);
        var options = new ChatOptions { Temperature = 0, MaxOutputTokens = 40 };
        List<ChatMessage> history = [new(ChatRole.User, _engines.Chats[0][0].Content)];
        var reply = await chat.GetResponseAsync(history, options);
        Assert.StartsWith("Hello", reply.Text, StringComparison.Ordinal);
        Assert.Equal(ChatFinishReason.Stop, reply.FinishReason);

        history.AddRange([.. reply.Messages, new(ChatRole.User, "Thank you.")]);
        Assert.NotEmpty((await chat.GetResponseAsync(history, options)).Text);
    }

    [LLamaFact]
    public void What_is_not_a_model_is_refused_by_its_name()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["not.gguf"], "GGUF, not really");
        Assert.Contains("not.gguf", Assert.Throws<InvalidDataException>(() => LLamaTransport.Load(new LLamaOptions { ModelPath = folder["not.gguf"] })).Message, StringComparison.Ordinal);
        Assert.Throws<FileNotFoundException>(() => LLamaTransport.Load(new LLamaOptions { ModelPath = folder["none.gguf"] }));

        using var model = GgufModelTests.Load("llama-gqa");
        GgufExport.WriteModel(folder["silent.gguf"], model, GgufType.Float32);
        Assert.Contains("no tokenizer", Assert.Throws<InvalidDataException>(() => LLamaTransport.Load(new LLamaOptions { ModelPath = folder["silent.gguf"] })).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a b END c", "a b ", true)]
    [InlineData("a b EN", "a b EN", false)]
    [InlineData("a b ENEND", "a b EN", true)]
    [InlineData("no", "no", false)]
    public void Stop_texts_are_found_across_pieces_and_what_is_certain_is_said_at_once(string text, string expected, bool stopped)
    {
        for (var size = 1; size <= text.Length; size++)
        {
            var stops = new StopTexts(["END", "ENDE"]);
            var (said, ended) = ("", false);
            foreach (var piece in text.Chunk(size).TakeWhile(_ => !ended))
            {
                var (certain, stop) = stops.Push(new string(piece));
                (said, ended) = (said + certain, stop);
            }

            Assert.Equal((expected, stopped), (ended ? said : said + stops.Finish(), ended));
        }
    }

    public void Dispose() => _transport?.Dispose();

    private TransformedPrompt Prompt(int chat) => _engines!.Prompts[chat];
}
