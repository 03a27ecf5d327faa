using Jigsaw.Data;
using Jigsaw.Tokenization;


namespace Jigsaw.Runtime.Tests.Tokenization;

public sealed class ReplyMaskTests
{
    private static readonly Tokenizer _tokenizer = Tokenizer.Load(TestData.Path("models", "tokenizers", "support-lm"));

    [Theory]
    [InlineData("Hello Ada, order 43432.", "Hi ADA: the order is late", " Ada order")]
    [InlineData("O'Brien and ann@mail.example.", "We wrote to ann@mail.example.", " ann@mail.example.")]
    [InlineData("ann is here.", "We wrote to ann@mail.example.", ".")]
    [InlineData("Amber, Amberly.", "Dear Amber", "Amber")]
    public void A_token_is_in_the_reply_if_all_its_characters_are_of_words_that_the_reply_repeats(string user, string reply, string repeated)
    {
        using var batch = Batch(new("user", user), new("assistant", reply));
        Assert.Equal(repeated, Text(batch, batch.InReplyMask!));
        Assert.Equal(batch.NoiseMask.Count, batch.InReplyMask!.Count + batch.NotInReplyMask!.Count);
        Assert.Equal(0, (batch.InReplyMask & batch.NotInReplyMask).Count);
    }

    [Fact]
    public void Without_a_reply_nothing_is_in_it()
    {
        using var batch = new NoiseTokenizer(_tokenizer) { NoiseRoles = ["user"] }.ApplyChatTemplate([[new ChatMessage("user", "Hello Ada")]], addGenerationPrompt: true);
        Assert.Equal(0, batch.InReplyMask!.Count);
        Assert.Equal(batch.NoiseMask.Count, batch.NotInReplyMask!.Count);
    }

    [Fact]
    public void An_empty_reply_repeats_nothing()
    {
        using var batch = Batch(new("user", "Hello Ada"), new("assistant", ""));
        Assert.Equal(0, batch.InReplyMask!.Count);
    }

    [Fact]
    public void Private_are_the_tokens_that_a_span_touches()
    {
        // A span that begins within a token takes the whole of it.
        var content = "Ada wants order 43432.";
        using var batch = Batch(new("user", content) { Private = [content.IndexOf("rder", StringComparison.Ordinal)..(content.IndexOf("rder", StringComparison.Ordinal) + 4)] }, new("assistant", "Yes."));
        Assert.Equal(" order", Text(batch, batch.PrivateMask!));
    }

    [Fact]
    public void Facts_and_spans_of_a_data_file_are_private_and_missing_facts_are_counted()
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "chats.jsonl");
        File.WriteAllText(path, """
            {"messages": [{"role": "user", "content": "\ud83d\ude00 Ada King, Adaville.", "private": [[12, 20]]}, {"role": "assistant", "content": "Hello Ada King."}], "slots": {"first": "Ada", "city": "Rome"}}
            """);
        var chats = ChatDataset.Read(path);
        Assert.Equal(1, chats.MissingFacts);
        using var batch = new NoiseTokenizer(_tokenizer) { NoiseRoles = ["user"] }.ApplyChatTemplate([chats.Examples[0].Messages], ignorePromptLoss: true);
        Assert.Equal(" Ada Adaville", Text(batch, batch.PrivateMask!));
    }

    [Theory]
    [InlineData("[[0, 99]]")]
    [InlineData("[[3, 3]]")]
    [InlineData("[[-1, 2]]")]
    [InlineData("[3]")]
    [InlineData("[[0.5, 2]]")]
    [InlineData("\"Ada\"")]
    [InlineData("{\"from\": 6, \"to\": 9}")]
    public void A_private_span_outside_its_content_is_refused_with_its_line(string spans)
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "chats.jsonl");
        File.WriteAllText(path, $$"""{"messages": [{"role": "user", "content": "Hello Ada", "private": {{spans}}}]}""");
        var exception = Assert.Throws<ChatDataException>(() => ChatDataset.Read(path));
        Assert.Contains("line 1", exception.Message, StringComparison.Ordinal);
        Assert.Contains("private span", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_private_span_of_a_message_beyond_its_content_is_refused()
    {
        var exception = Assert.Throws<ArgumentException>(() => Batch(new("user", "Hi") { Private = [1..7] }, new("assistant", "Yes.")));
        Assert.Contains("[1, 7)", exception.Message, StringComparison.Ordinal);
    }

    private static Jigsaw.Batches.TokenBatch Batch(params ChatMessage[] messages) =>
        new NoiseTokenizer(_tokenizer) { NoiseRoles = ["user"] }.ApplyChatTemplate([messages], ignorePromptLoss: true);

    private static string Text(Jigsaw.Batches.TokenBatch batch, Jigsaw.Batches.RowMask mask)
    {
        var ids = new List<int>();
        for (var i = 0; i < mask.Host.Length; i++)
        {
            if (mask.Host[i])
            {
                ids.Add((int)batch.HostIds.Span[i]);
            }
        }

        return _tokenizer.Decode(ids);
    }
}
