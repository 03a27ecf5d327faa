namespace Jigsaw.Runtime.Tests.Tokenization;

public sealed class JinjaTests
{
    [Theory]
    [InlineData("syntax.json", 370)]
    [InlineData("expressions.json.gz", 10_000)]
    [InlineData("whitespace.json.gz", 8_000)]
    public void Templates_give_what_Jinja2_gives(string name, int atLeast)
    {
        Assert.True(JinjaAnswers.Cases(name).Count >= atLeast);
        Assert.Empty(JinjaAnswers.Differences(name));
    }
}
