using System.Reflection;
using Ablation;
using Jigsaw.CommandLine;
using Quickstart;

namespace Jigsaw.Samples.Tests;

public sealed class AblationTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("jigsaw-ablation").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void Its_recipes_have_the_numbers_of_the_quick_starts()
    {
        AssertSame(QuickstartRecipe.Defaults.ToDictionary(), RateRecipe.Defaults.ToDictionary());
        AssertSame(QuickstartRecipe.Defaults.ToDictionary(), RateEverywhereRecipe.Defaults.ToDictionary(), "information_rate_mask");
        AssertSame(OriginalTermsRecipe.Defaults.ToDictionary(), OriginalTermsNotInReplyRecipe.Defaults.ToDictionary(), "absolute_cosine_similarity_penalty_mask", "median_norm_penalty_mask", "mutual_information_loss_mask", "std_log_ratio_loss_mask");
        Assert.Equal(TrainingOf<QuickstartRecipe>(), TrainingOf<RateRecipe>());
        Assert.Equal(TrainingOf<QuickstartRecipe>(), TrainingOf<RateEverywhereRecipe>());
        Assert.Equal(TrainingOf<OriginalTermsRecipe>(), TrainingOf<OriginalTermsNotInReplyRecipe>());
    }

    private static TrainingDefaultsAttribute TrainingOf<TRecipe>() => typeof(TRecipe).GetCustomAttribute<TrainingDefaultsAttribute>()!;

    /// <summary>Every number of a recipe but those named is there in the other, with the same value.</summary>
    private static void AssertSame(IReadOnlyDictionary<string, object?> expected, IReadOnlyDictionary<string, object?> found, params string[] others) =>
        Assert.Equal(others.Order(StringComparer.Ordinal), found.Where(number => !expected.TryGetValue(number.Key, out var value) || !Equals(value, number.Value)).Select(number => number.Key).Order(StringComparer.Ordinal));

    [Theory]
    [InlineData("rate-everywhere", "information_rate")]
    [InlineData("rate", "information_rate", "information_rate_in_reply")]
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
