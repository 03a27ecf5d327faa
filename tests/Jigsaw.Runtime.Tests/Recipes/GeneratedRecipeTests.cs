namespace Jigsaw.Runtime.Tests.Recipes;

public class GeneratedRecipeTests
{
    [Fact]
    public void The_plan_is_a_table_of_who_needs_each_pass()
    {
        Assert.Equal(
            """
            pass          gradient  logits  layer  read by
            TeacherClean  None      yes     -      jigsaw_ce_performance_loss, jigsaw_ce_protection_loss
            TeacherNoisy  Input     yes     -      jigsaw_ce_protection_loss
            StudentNoisy  All       yes     1      jigsaw_ce_performance_loss, noise_floor

            """.ReplaceLineEndings("\n"),
            ChatRecipe.Plan.ToString());
    }

    [Fact]
    public void Hyperparameters_are_a_dictionary_under_the_originals_names()
    {
        var values = ChatRecipe.Defaults.ToDictionary();

        Assert.Equal(1.0, values["jigsaw_ce_performance_loss_weight"]);
        Assert.Equal(10.0, values["jigsaw_ce_protection_max_loss"]);
        Assert.Equal(1.0, values["jigsaw_ce_protection_loss_scaling_factor"]);
        Assert.Equal(4, values["jigsaw_ce_protection_loss_weight_ramp_steps"]);
        Assert.Equal("cosine", values["jigsaw_ce_protection_loss_weight_ramp"]);
        Assert.Equal(0.05, values["noise_floor_weight"]);
        Assert.Equal(1, values["distillation_layer_index"]);
        Assert.Equal("soft", values["ce_target"]);
        Assert.Equal(false, values["truncate"]);
        Assert.DoesNotContain("std_log_ratio_loss_weight", values.Keys);
        Assert.DoesNotContain("alpha", values.Keys);
    }

    [Theory]
    [InlineData(-0.5, "CeProtectionWeight is -0.5, but it is subtracted from the loss already, which makes the term's value larger; use a finite number that is at least 0")]
    [InlineData(double.NaN, "CeProtectionWeight is NaN; use a finite number that is at least 0")]
    public void Numbers_are_checked_with_the_words_of_the_compiler(double weight, string message)
    {
        var error = Assert.Throws<ArgumentException>(() => ChatRecipe.Defaults with { CeProtectionWeight = weight });

        Assert.StartsWith(message, error.Message, StringComparison.Ordinal);
        Assert.Equal("CeProtectionWeight", error.ParamName);
    }

    [Fact]
    public void A_cap_of_0_and_a_ramp_of_no_steps_are_refused()
    {
        Assert.Throws<ArgumentException>(() => ChatRecipe.Defaults with { CeProtectionMaxLoss = 0 });
        Assert.Throws<ArgumentException>(() => ChatRecipe.Defaults with { CeProtectionRampSteps = 0 });
        Assert.Throws<ArgumentException>(() => ChatRecipe.Defaults with { CeProtectionRampFrom = -1 });
        Assert.Equal(0, (ChatRecipe.Defaults with { CeProtectionWeight = 0 }).CeProtectionWeight);
    }

    [Fact]
    public void A_file_changes_the_numbers_that_it_names()
    {
        var read = Read("""{ "jigsaw_ce_protection_loss_weight": 0.4, "jigsaw_ce_protection_loss_weight_ramp_from": 7, "distillation_layer_index": 1, "ce_target": "soft", "truncate": false }""");

        Assert.Equal(ChatRecipe.Defaults with { CeProtectionWeight = 0.4, CeProtectionRampFrom = 7 }, read);
    }

    [Theory]
    [InlineData("""{ "jigsaw_ce_protektion_loss_weight": 0.4 }""", "did you mean 'jigsaw_ce_protection_loss_weight'?")]
    [InlineData("""{ "std_log_ratio_loss_weight": 0.4 }""", "which this recipe doesn't have")]
    [InlineData("""{ "distillation_layer_index": 2 }""", "the recipe was compiled with 1; structure can't change at run time")]
    [InlineData("""{ "distillation_layer_index": null }""", "the recipe was compiled with 1")]
    [InlineData("""{ "ce_target": "hard" }""", "the recipe was compiled with \"soft\"")]
    [InlineData("""{ "jigsaw_ce_performance_loss_mask": "loss" }""", "the recipe was compiled with \"attention\"")]
    [InlineData("""{ "jigsaw_ce_performance_loss_weight": "1" }""", "write a number")]
    [InlineData("""{ "jigsaw_ce_performance_loss_weight": null }""", "write a number")]
    [InlineData("""{ "jigsaw_ce_protection_loss_weight_ramp_steps": 2.5 }""", "write a whole number")]
    [InlineData("""{ "jigsaw_ce_performance_loss_weight": -1 }""", "use a finite number that is at least 0")]
    [InlineData("""{ "noise_floor_weight": 1, "noise_floor_weight": 2 }""", "names 'noise_floor_weight' twice")]
    [InlineData("[1]", "holds a JSON array")]
    [InlineData("{", "is not JSON")]
    public void A_file_that_does_not_fit_is_refused_in_a_sentence(string json, string sentence)
    {
        Assert.Contains(sentence, Assert.Throws<ArgumentException>(() => Read(json)).Message, StringComparison.Ordinal);
    }

    private static ChatRecipe.Hyperparameters Read(string json)
    {
        var path = Path.GetTempFileName();
        try
        {
            File.WriteAllText(path, json);
            return ChatRecipe.Hyperparameters.Read(path);
        }
        finally
        {
            File.Delete(path);
        }
    }
}
