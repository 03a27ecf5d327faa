using Jigsaw.Runtime.Tests.Losses;

namespace Jigsaw.Runtime.Tests.Training;

/// <summary>Terms that occur several times, and weights that change with the step.</summary>
[Collection(nameof(RunsAlone))]
public sealed class WeightTests : IDisposable
{
    private readonly List<IDisposable> _owned = [];

    public void Dispose() => _owned.ForEach(one => one.Dispose());

    [Fact]
    public void A_term_that_occurs_twice_is_two_terms()
    {
        var step = new BoundStep(_owned, "llama-gqa");
        step.Compare(() => RepeatedTermsRecipe.Bind(step.Teacher, step.Student));
        var both = step.PassByPass(() => RepeatedTermsRecipe.Bind(step.Teacher, step.Student));
        var again = step.PassByPass(() => RepeatedTermsRecipe.Bind(step.Teacher, step.Student, RepeatedTermsRecipe.Defaults with { InformationRateRepeats = 4 }));

        Assert.Equal(again.Values["information_rate"], both.Values["information_rate_of_four"]);
        Assert.NotEqual(both.Values["information_rate"], both.Values["information_rate_of_four"]);
        Assert.NotEqual(both.Values["jigsaw_ce_performance_loss"], both.Values["ce_performance_of_noise"]);
        var expected = both.Values["jigsaw_ce_performance_loss"] + (0.4 * both.Values["ce_performance_of_noise"]) - (0.25 * both.Values["jigsaw_ce_protection_loss"]) - (0.1 * both.Values["protection_of_noise"])
            + (0.5 * both.Values["absolute_cosine_similarity_penalty"]) + (0.3 * both.Values["cosine_of_loss"]) + (0.02 * both.Values["mutual_information_loss"]) + (0.01 * both.Values["mutual_information_apart"])
            + (0.1 * both.Values["information_rate"]) + (0.01 * both.Values["information_rate_of_four"]);
        Assert.Equal(expected, both.Values["composite_loss"], 1e-4 * Math.Abs(expected));
    }

    [Fact]
    public void Hyperparameters_and_structure_of_a_term_are_named_after_its_key()
    {
        var numbers = RepeatedTermsRecipe.Defaults.ToDictionary();

        Assert.Equal(0.2, numbers["information_rate_of_four_weight"]);
        Assert.Equal(4, numbers["information_rate_of_four_repeats"]);
        Assert.Equal(0.01, numbers["information_rate_of_four_weight_ramp_start"]);
        Assert.Equal(0, numbers["information_rate_of_four_weight_ramp_start_from"]);
        Assert.Equal("geometric", numbers["information_rate_of_four_weight_ramp"]);
        Assert.Equal("attention+noise", numbers["information_rate_of_four_mask"]);
        Assert.Equal(5.0, numbers["protection_of_noise_max_loss"]);
        Assert.Equal(10.0, numbers["jigsaw_ce_protection_max_loss"]);
        Assert.Equal(false, numbers["mutual_information_apart_combine_noise_masks"]);
        Assert.Equal(true, numbers["combine_noise_masks_for_mutual_information_sub_batches"]);
        Assert.Contains("ProtectionOfNoiseMaxLoss is 0", Assert.Throws<ArgumentException>(() => RepeatedTermsRecipe.Defaults with { ProtectionOfNoiseMaxLoss = 0 }).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_geometric_ramp_ends_at_the_weight_that_the_hyperparameters_name()
    {
        var step = new BoundStep(_owned, "llama-gqa");
        double Weight(int at, RepeatedTermsRecipe.Hyperparameters numbers)
        {
            double Composite(double weight)
            {
                var jigsaw = RepeatedTermsRecipe.Bind(step.Teacher, step.Student, numbers with { InformationRateOfFourWeight = weight });
                jigsaw.Step = at;
                using var components = jigsaw.RunStep(step.Apply(), step.Batch.LossMask);
                var read = components.Read();
                return read["composite_loss"] / read["information_rate_of_four"];
            }

            return Composite(numbers.InformationRateOfFourWeight) - Composite(0);
        }

        var late = RepeatedTermsRecipe.Defaults with { InformationRateOfFourWeight = 4, InformationRateOfFourRampStartFrom = 2, InformationRateOfFourRampFrom = 3 };
        foreach (var (at, expected) in (ReadOnlySpan<(int, double)>)[(1, 0), (2, 0.01), (3, 0.01), (8, 0.2), (13, 4), (100, 4)])
        {
            Assert.Equal(expected, Weight(at, late), 1e-4);
        }
    }
}
