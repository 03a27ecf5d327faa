namespace Jigsaw.Samples.Tests;

public sealed class AblationTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("jigsaw-ablation").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [InlineData("rate-everywhere", "information_rate")]
    [InlineData("rate", "information_rate", "information_rate_in_reply")]
    [InlineData("rate-by-surprisal", "information_rate", "information_rate_in_reply")]
    [InlineData("divergence", "counterfactual_divergence")]
    [InlineData("original-terms-not-in-reply", "absolute_cosine_similarity", "log_constants_and_determinant", "mahalanobis_distance", "median_norm", "mutual_information", "std_log_ratio")]
    public async Task Each_recipe_trains_with_the_terms_that_it_is_named_for(string recipe, params string[] terms)
    {
        var (code, output, error) = await SampleProcess.RunAsync("Ablation", "train", "--recipe", recipe, "--steps", "1", "--batch", "2", "--output", Path.Combine(_directory, "run"));
        Assert.True(code == 0, output + error);
        var step = Assert.Single(output.Split('\n'), line => line.StartsWith("step    1/1", StringComparison.Ordinal));
        string[] hidden = ["ce_performance", "ce_protection", "clean_embeddings_guardrails"];
        Assert.Equal(terms, step.Split(' ', StringSplitOptions.RemoveEmptyEntries).Where(word => word.Contains('_', StringComparison.Ordinal)).Except(hidden).Order(StringComparer.Ordinal));
    }
}
