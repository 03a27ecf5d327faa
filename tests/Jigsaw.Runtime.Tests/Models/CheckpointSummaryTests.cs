using System.Text.Json.Nodes;
using Jigsaw.Inspection;

namespace Jigsaw.Runtime.Tests.Models;

public sealed class CheckpointSummaryTests
{
    [Fact]
    public void A_checkpoint_is_described_from_its_headers()
    {
        using var folder = new TemporaryFolder();
        Copy("llama-tied-rope3", folder);
        Copy("tokenizers/qwen2", folder);
        var summary = CheckpointSummary.Read(folder.Path);
        Assert.Empty(summary.Problems);
        Assert.Equal("llama", summary.Config!.ModelType);
        Assert.Equal(3, summary.FileCount);
        Assert.Equal(summary.ParameterCount * 4, summary.ByteCount);
        Assert.Equal("F32", Assert.Single(summary.ParametersByType).Key);
        Assert.True(summary.Tokenizer!.IsByteLevel);
        Assert.NotNull(summary.Tokenizer.ChatTemplate);
    }

    [Fact]
    public void Every_unsupported_part_is_reported_and_the_rest_is_read()
    {
        using var folder = new TemporaryFolder();
        Copy("llama-gqa", folder);
        Copy("tokenizers/sentencepiece", folder);
        Change(folder["config.json"], config => config["num_hidden_layers"] = 5);
        Change(folder["tokenizer_config.json"], config => config["chat_template"] = "{% include 'x' %}");
        var summary = CheckpointSummary.Read(folder.Path);
        Assert.Equal(2, summary.Problems.Count);
        Assert.Contains("lacks the tensor 'model.layers.4.input_layernorm.weight'", summary.Problems[0], StringComparison.Ordinal);
        Assert.Contains("the statement 'include'", summary.Problems[1], StringComparison.Ordinal);
        Assert.True(summary.ParameterCount > 0);
    }

    [Fact]
    public void A_missing_directory_is_a_problem_and_not_an_exception() =>
        Assert.Contains("is not a directory", Assert.Single(CheckpointSummary.Read("/nowhere/at/all").Problems), StringComparison.Ordinal);

    private static void Copy(string from, TemporaryFolder folder)
    {
        foreach (var file in Directory.GetFiles(TestData.Path("models", from)))
        {
            File.Copy(file, folder[Path.GetFileName(file)], overwrite: true);
        }
    }

    private static void Change(string path, Action<JsonNode> change)
    {
        var node = JsonNode.Parse(File.ReadAllText(path))!;
        change(node);
        File.WriteAllText(path, node.ToJsonString());
    }
}
