using System.Text;
using Jigsaw.Checkpoints;
using Jigsaw.Tokenization;
using Jigsaw.Transforms;
using static TorchSharp.torch;

namespace Jigsaw.Client.Tests;

public sealed class ClientBundleTests
{
    private static readonly ChatMessage[] _chat = [new("user", "My name is Zoë")];

    [Fact]
    public void A_bundle_does_what_model_and_transform_do()
    {
        using var trained = new Trained(2000, 16, new TransformConfig(), ScalarType.BFloat16);
        ClientBundle.Export(trained.ModelDirectory, trained.TransformDirectory, trained["bundle"], NoiseScope.Users);
        Directory.Delete(trained.ModelDirectory, recursive: true);
        Directory.Delete(trained.TransformDirectory, recursive: true);

        using var client = PromptTransform.Load(trained["bundle"]);
        var prompt = client.Transform(_chat);

        Assert.Equal((2000, 16, EmbeddingType.BFloat16), (client.Vocabulary, prompt.Features, prompt.Type));
        Assert.Equal(["user"], client.Scope.Roles!);
        var ids = client.Tokenize(_chat);
        using var table = trained.Table.to(ScalarType.Float32);
        using var first = table[ids.Ids[0]];
        Assert.False(ids.Noise[0]);
        Assert.Equal(first.data<float>().ToArray(), prompt.ToSingles()[..16]);
    }

    [Fact]
    public void Nothing_in_a_bundle_says_a_seed()
    {
        using var trained = new Trained(2000, 16, new TransformConfig());
        var config = Path.Combine(trained.TransformDirectory, "sgt_config.json");
        File.WriteAllText(config, File.ReadAllText(config).Replace("\"version\": 1,", "\"version\": 1,\n  \"seed\": 41,\n  \"samples\": 77,", StringComparison.Ordinal));
        Assert.Contains("seed", File.ReadAllText(config), StringComparison.Ordinal);

        ClientBundle.Export(trained.ModelDirectory, trained.TransformDirectory, trained["bundle"], new NoiseScope { AllTokens = true });

        Assert.All(Directory.EnumerateFiles(trained["bundle"]).Where(path => Path.GetFileName(path) is "sgt_config.json" or "jigsaw_client.json"), path => Assert.DoesNotContain("seed", File.ReadAllText(path), StringComparison.OrdinalIgnoreCase));
        using var client = PromptTransform.Load(trained["bundle"]);
        Assert.All(client.Tokenize(_chat).Noise, Assert.True);
    }

    [Theory]
    [InlineData("embedding.safetensors")]
    [InlineData("sgt.safetensors")]
    [InlineData("sgt_config.json")]
    [InlineData("tokenizer.json")]
    [InlineData("tokenizer_config.json")]
    [InlineData("chat_template.jinja")]
    public void A_file_that_was_changed_cut_or_lost_is_named(string name)
    {
        using var trained = new Trained(2000, 16, new TransformConfig());
        ClientBundle.Export(trained.ModelDirectory, trained.TransformDirectory, trained["bundle"], NoiseScope.Users);
        var path = Path.Combine(trained["bundle"], name);
        var bytes = File.ReadAllBytes(path);
        bytes[^1] ^= 1;
        foreach (var content in (byte[]?[])[bytes, bytes[..^1], [], null])
        {
            File.Delete(path);
            if (content is not null)
            {
                File.WriteAllBytes(path, content);
            }

            Assert.Contains(name, Assert.Throws<CheckpointException>(() => PromptTransform.Load(trained["bundle"])).Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("""{"version":2,"features":1,"vocabulary":1,"noise":{},"files":{}}""")]
    [InlineData("""{"version":1,"features":1,"vocabulary":1,"noise":null,"files":{}}""")]
    [InlineData("""{"version":1,"features":1,"vocabulary":1,"noise":{},"files":{"../x":{"bytes":1,"sha256":""}}}""")]
    [InlineData("""{"version":1,"features":1,"vocabulary":1,"noise":{},"files":{"tokenizer.json":null}}""")]
    [InlineData("""{"version":1,"features":1,"vocabulary":1,"noise":{},"files":{}}""")]
    public void A_damaged_manifest_is_a_sentence(string content)
    {
        using var trained = new Trained(2000, 16, new TransformConfig());
        ClientBundle.Export(trained.ModelDirectory, trained.TransformDirectory, trained["bundle"], NoiseScope.Users);
        File.WriteAllText(Path.Combine(trained["bundle"], "jigsaw_client.json"), content, new UTF8Encoding(false));
        Assert.Throws<CheckpointException>(() => PromptTransform.Load(trained["bundle"]));
    }

    [Fact]
    public void A_manifest_of_another_table_and_a_device_in_place_of_a_file_are_refused()
    {
        using var trained = new Trained(2000, 16, new TransformConfig());
        ClientBundle.Export(trained.ModelDirectory, trained.TransformDirectory, trained["bundle"], NoiseScope.Users);
        var manifest = Path.Combine(trained["bundle"], "jigsaw_client.json");
        var text = File.ReadAllText(manifest);
        File.WriteAllText(manifest, text.Replace("\"vocabulary\": 2000", "\"vocabulary\": 1999", StringComparison.Ordinal));
        Assert.Contains("(1999, 16)", Assert.Throws<CheckpointException>(() => PromptTransform.Load(trained["bundle"])).Message, StringComparison.Ordinal);
        if (OperatingSystem.IsLinux())
        {
            var path = Path.Combine(trained["bundle"], "tokenizer_config.json");
            var entry = System.Text.RegularExpressions.Regex.Replace(text, "(\"tokenizer_config.json\": \\{\\s*\"bytes\": )\\d+", "${1}0");
            Assert.NotEqual(text, entry);
            File.WriteAllText(manifest, entry);
            File.Delete(path);
            File.CreateSymbolicLink(path, "/dev/zero");
            Assert.Contains("tokenizer_config.json", Assert.Throws<CheckpointException>(() => PromptTransform.Load(trained["bundle"])).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_file_that_is_read_but_not_hashed_is_refused()
    {
        using var trained = new Trained(2000, 16, new TransformConfig());
        ClientBundle.Export(trained.ModelDirectory, trained.TransformDirectory, trained["bundle"], NoiseScope.Users);
        File.WriteAllText(Path.Combine(trained["bundle"], "special_tokens_map.json"), "{}");
        Assert.Contains("special_tokens_map.json", Assert.Throws<CheckpointException>(() => PromptTransform.Load(trained["bundle"])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_row_that_is_not_finite_names_the_table_when_its_token_is_sent()
    {
        using var trained = new Trained(2000, 16, new TransformConfig());
        var path = Path.Combine(trained.ModelDirectory, "model.safetensors");
        var bytes = File.ReadAllBytes(path);
        bytes.AsSpan(bytes.Length - 4).Fill(0xFF);
        File.WriteAllBytes(path, bytes);
        using var client = PromptTransform.Load(trained.ModelDirectory, trained.TransformDirectory, NoiseScope.Users);

        _ = client.Transform([1998], [true]);
        Assert.StartsWith($"{path}: has a number that is not finite", Assert.Throws<CheckpointException>(() => client.Transform([1999], [true])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Exporting_again_replaces_a_bundle_and_nothing_else()
    {
        using var trained = new Trained(2000, 16, new TransformConfig());
        ClientBundle.Export(trained.ModelDirectory, trained.TransformDirectory, trained["bundle"], NoiseScope.Users);
        ClientBundle.Export(trained.ModelDirectory, trained.TransformDirectory, trained["bundle"], new NoiseScope { AllTokens = true });
        using (var client = PromptTransform.Load(trained["bundle"]))
        {
            Assert.True(client.Scope.AllTokens);
        }

        Assert.Throws<IOException>(() => ClientBundle.Export(trained.ModelDirectory, trained.TransformDirectory, trained.ModelDirectory, NoiseScope.Users));
    }

    [Fact]
    public void A_transform_of_another_model_is_refused()
    {
        using var trained = new Trained(50, 16, new TransformConfig());
        using var wider = new Trained(50, 32, new TransformConfig());
        Assert.Contains("16 features", Assert.Throws<CheckpointException>(() => PromptTransform.Load(wider.ModelDirectory, trained.TransformDirectory, NoiseScope.Users)).Message, StringComparison.Ordinal);
        var config = Path.Combine(trained.TransformDirectory, "sgt_config.json");
        File.WriteAllText(config, System.Text.RegularExpressions.Regex.Replace(File.ReadAllText(config), "\"median_norm\": [0-9.e-]+", "\"median_norm\": 3.5"));
        Assert.Contains("median norm 3.5", Assert.Throws<CheckpointException>(() => ClientBundle.Export(trained.ModelDirectory, trained.TransformDirectory, trained["bundle"], NoiseScope.Users)).Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(trained["bundle"]));
    }
}
