using Jigsaw.Tokenization;
using Jigsaw.Transforms;

namespace Jigsaw.Client.Tests;

public sealed class ConversationTests
{
    private const int Features = 16;
    private const int RowBytes = 4 * Features;

    [Fact]
    public void Rows_that_were_sent_are_sent_again_byte_for_byte_and_new_ones_have_fresh_noise()
    {
        using var trained = new Trained(50, Features, new TransformConfig());
        using var client = trained.Client();
        using var conversation = new Conversation();
        var first = client.Transform([1, 2, 3], [true, false, true], conversation);

        var second = client.Transform([1, 2, 3, 4, 5], [true, false, true, true, true], conversation);
        var alone = client.Transform([1, 2, 3], [true, false, true]);

        Assert.Equal((3, 2, 5), (first.FreshTokenCount, second.FreshTokenCount, conversation.TokenCount));
        Assert.True(first.Bytes.Span.SequenceEqual(second.Bytes.Span[..first.Bytes.Length]));
        Assert.False(alone.Bytes.Span[..RowBytes].SequenceEqual(first.Bytes.Span[..RowBytes]));
    }

    [Fact]
    public void A_changed_token_or_mask_makes_the_rows_from_there_on_new_and_the_old_ones_stay_known()
    {
        using var trained = new Trained(50, Features, new TransformConfig());
        using var client = trained.Client();
        using var conversation = new Conversation();
        var first = client.Transform([1, 2, 3, 4], [true, true, true, true], conversation);
        var changed = client.Transform([1, 2, 9, 4], [true, true, true, true], conversation);
        var masked = client.Transform([1, 2, 3, 4], [true, true, true, false], conversation);
        var again = client.Transform([1, 2, 3, 4], [true, true, true, true], conversation);

        Assert.Equal((2, 1, 0), (changed.FreshTokenCount, masked.FreshTokenCount, again.FreshTokenCount));
        Assert.True(first.Bytes.Span.SequenceEqual(again.Bytes.Span));
        Assert.True(first.Bytes.Span[..(2 * RowBytes)].SequenceEqual(changed.Bytes.Span[..(2 * RowBytes)]));
        Assert.False(first.Bytes.Span[(3 * RowBytes)..].SequenceEqual(changed.Bytes.Span[(3 * RowBytes)..]));
    }

    [Fact]
    public void A_row_in_a_changed_conversation_follows_its_new_prefix()
    {
        using var trained = new Trained(50, Features, new TransformConfig { Std = new Jigsaw.Transforms.Noise.DirectStd { Min = 1e-7, Max = 2e-7, InitialStd = 1e-7 } });
        using var client = trained.Client(EmbeddingType.Float32);
        using var conversation = new Conversation();
        _ = client.Transform([1, 2, 3, 4], [true, true, true, true], conversation);
        var changed = client.Transform([7, 2, 3, 4], [true, true, true, true], conversation).ToSingles();
        var alone = client.Transform([7, 2, 3, 4], [true, true, true, true]).ToSingles();

        // Almost no noise: what is left is x + μ, which depends on the prefix.
        Assert.All(changed.Zip(alone), pair => Assert.Equal(pair.First, pair.Second, 1e-4));
    }

    [Fact]
    public void The_next_turn_of_a_chat_sends_its_beginning_again()
    {
        using var trained = new Trained(2000, Features, new TransformConfig());
        using var client = trained.Client();
        using var conversation = new Conversation();
        ChatMessage[] turn = [new("user", "Where is my parcel 77?")];
        var first = client.Transform(turn, conversation);
        var second = client.Transform([.. turn, new("assistant", "On its way."), new("user", "Thanks, Zoë")], conversation);

        Assert.True(second.TokenCount > first.TokenCount);
        Assert.Equal(second.TokenCount - first.TokenCount, second.FreshTokenCount);
        Assert.True(first.Bytes.Span.SequenceEqual(second.Bytes.Span[..first.Bytes.Length]));
    }

    [Fact]
    public void Two_transforms_may_not_share_a_conversation()
    {
        using var trained = new Trained(50, Features, new TransformConfig());
        using var client = trained.Client();
        using var other = trained.Client();
        using var conversation = new Conversation();
        _ = client.Transform([1], [true], conversation);
        Assert.Contains("another transform", Assert.Throws<ArgumentException>(() => other.Transform([1], [true], conversation)).Message, StringComparison.Ordinal);
        conversation.Dispose();
        Assert.Throws<ObjectDisposedException>(() => client.Transform([1], [true], conversation));
    }

    [Fact]
    public async Task Threads_get_the_same_rows_of_one_conversation()
    {
        using var trained = new Trained(50, Features, new TransformConfig());
        using var client = trained.Client();
        using var conversation = new Conversation();
        int[] ids = [.. Enumerable.Range(0, 40)];
        var prompts = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Task.Run(() => client.Transform(ids[..(5 * (i + 1))], [.. Enumerable.Repeat(true, 5 * (i + 1))], conversation))));
        Assert.All(prompts, prompt => Assert.True(prompt.Bytes.Span.SequenceEqual(prompts[7].Bytes.Span[..prompt.Bytes.Length])));
    }

    [Fact]
    public void A_conversation_of_many_versions_stays_bounded_and_keeps_the_last()
    {
        using var trained = new Trained(50, Features, new TransformConfig());
        using var client = trained.Client();
        using var conversation = new Conversation();
        for (var version = 1; version < 49; version++)
        {
            client.Transform([0, version], [true, true], conversation);
        }

        Assert.InRange(conversation.Bytes.Count, 1, 20 * 2 * RowBytes);
        Assert.Equal(0, client.Transform([0, 48], [true, true], conversation).FreshTokenCount);
        conversation.DropCache();
        Assert.Equal(1, client.Transform([0, 48, 3], [true, true, true], conversation).FreshTokenCount);
    }

    [Fact]
    public void One_callers_conversations_dont_make_anothers_be_forgotten()
    {
        using var trained = new Trained(50, Features, new TransformConfig());
        using var client = trained.Client();
        using var store = new ConversationStore(mostConversations: 3);
        ChatMessage[] Opening(int number) => [new("system", $"It is {number} o'clock"), new("user", "Hello")];
        var first = store.Of("Alice", Opening(1));
        _ = client.Transform([1, 2], [true, true], first);
        for (var i = 0; i < 40; i++)
        {
            _ = client.Transform([1, 2], [true, true], store.Of("Mallory", Opening(i)));
        }

        Assert.Same(first, store.Of("Alice", Opening(1)));
        Assert.NotSame(first, store.Of("Alice", Opening(2)));
        Assert.Equal(5, store.Count);
        store.Dispose();
        Assert.Throws<ObjectDisposedException>(() => store.Of("Alice", Opening(1)));
    }

    [Fact]
    public void The_longest_unused_conversation_is_forgotten_when_the_rows_of_a_caller_take_too_many_bytes()
    {
        using var trained = new Trained(50, Features, new TransformConfig());
        using var client = trained.Client();
        using var store = new ConversationStore(mostConversations: 100, mostBytes: 10 * RowBytes);
        Conversation Of(string text) => store.Of("Alice", [new("user", text)]);
        void Send(Conversation conversation, int tokens) => _ = client.Transform([.. Enumerable.Range(0, tokens)], [.. Enumerable.Repeat(true, tokens)], conversation);
        var (first, second) = (Of("one"), Of("two"));
        Send(first, 4);
        Send(second, 6);
        Assert.Same(second, Of("two"));
        Assert.Same(first, Of("one"));
        Assert.Equal(2, store.Count);

        // It grows after it was handed out; the store learns of it all the same.
        Send(first, 5);
        Assert.Same(first, Of("one"));
        Assert.Equal(1, store.Count);

        // What was forgotten counts no longer, whatever becomes of it.
        Send(second, 40);
        var third = Of("three");
        Send(third, 5);
        Assert.Same(first, Of("one"));
        Assert.Same(third, Of("three"));
        Assert.Equal(2, store.Count);
        Assert.NotSame(second, Of("two"));
    }

    [Theory]
    [InlineData(new int[] { }, new bool[] { }, "at least one id")]
    [InlineData(new[] { 1, 2 }, new[] { true }, "one mark for each")]
    [InlineData(new[] { 1, 50 }, new[] { true, true }, "Token 1 has the id 50")]
    [InlineData(new[] { -1 }, new[] { true }, "Token 0 has the id -1")]
    public void Tokens_that_have_no_row_are_named(int[] ids, bool[] noised, string message)
    {
        using var trained = new Trained(50, Features, new TransformConfig());
        using var client = trained.Client();
        using var conversation = new Conversation();
        Assert.Contains(message, Assert.Throws<ArgumentException>(() => client.Transform(ids, noised, conversation)).Message, StringComparison.Ordinal);

        // What was refused is forgotten: the next prompt is whole.
        Assert.Equal(2, client.Transform([1, 2], [true, true], conversation).FreshTokenCount);
    }
}
