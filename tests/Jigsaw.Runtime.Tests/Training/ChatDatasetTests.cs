using Jigsaw.Data;

namespace Jigsaw.Runtime.Tests.Training;

public sealed class ChatDatasetTests
{
    [Fact]
    public void Messages_and_facts_are_read()
    {
        var chats = Read("""
            {"messages": [{"role": "user", "content": "I am Ada."}, {"role": "assistant", "content": "Hello Ada."}], "slots": {"first": "Ada"}}

            {"messages": [{"role": "user", "content": "Hi"}]}
            """);
        Assert.Equal(2, chats.Examples.Count);
        Assert.Equal("Hello Ada.", chats.Examples[0].Messages[1].Content);
        Assert.Equal("Ada", chats.Examples[0].Facts["first"]);
        Assert.Empty(chats.Examples[1].Facts);
    }

    [Theory]
    [InlineData("{\"messages\": []}")]
    [InlineData("{\"message\": []}")]
    [InlineData("not json")]
    [InlineData("{\"messages\": [{\"role\": \"user\"}]}")]
    [InlineData("{\"messages\": [{\"role\": \"user\", \"content\": null}]}")]
    [InlineData("{\"messages\": 3}")]
    [InlineData("{\"messages\": [{\"role\": \"user\", \"content\": \"Hi\"}], \"slots\": 3}")]
    [InlineData("{\"messages\": [{\"role\": \"user\", \"content\": \"Hi\"}], \"slots\": {\"age\": 42}}")]
    public void A_line_that_is_not_a_chat_is_named(string line)
    {
        var good = "{\"messages\": [{\"role\": \"user\", \"content\": \"Hi\"}]}\n";
        var exception = Assert.Throws<ChatDataException>(() => Read(good + line));
        Assert.Contains("line 2", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_empty_file_is_refused() => Assert.Contains("no chat", Assert.Throws<ChatDataException>(() => Read("\n")).Message, StringComparison.Ordinal);

    private static ChatDataset Read(string text)
    {
        var path = Path.GetTempFileName();
        try
        {
            File.WriteAllText(path, text);
            return ChatDataset.Read(path);
        }
        finally
        {
            File.Delete(path);
        }
    }
}
