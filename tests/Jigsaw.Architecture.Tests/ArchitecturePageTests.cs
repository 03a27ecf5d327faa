using System.Text.RegularExpressions;
using Jigsaw.Batches;
using Jigsaw.Tokenization;

namespace Jigsaw.Architecture.Tests;

public sealed partial class ArchitecturePageTests
{
    [Fact]
    public void The_picture_is_of_the_code()
    {
        var picture = LayerPicture.Of(NamespaceGraph.Of(typeof(RowMask).Assembly, typeof(Tokenizer).Assembly));
        var page = File.ReadAllText(Repository.PathOf("docs", "architecture.md"));
        var shown = Picture().Match(page).Groups[1].Value;
        Assert.True(shown == picture, $"docs/architecture.md shows other layers than the code has. Put this between ```text and ```:\n\n{picture}");
    }

    [Fact]
    public void A_picture_has_users_above_what_they_use()
    {
        var graph = new NamespaceGraph();
        graph.Add("Jigsaw.Training", "Jigsaw.Steps", "a");
        graph.Add("Jigsaw.Steps", "Jigsaw.Losses.Logits", "b");
        graph.Add("Jigsaw.Losses.Logits", "Jigsaw.Losses", "c");
        graph.Add("Jigsaw.Training", "Jigsaw.Losses", "d");
        Assert.Equal("Training           uses Losses, Steps\n\nSteps              uses Losses\n\nLosses\n", LayerPicture.Of(graph));
    }

    [GeneratedRegex("```text\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Picture();
}
