using System.Globalization;
using CsCheck;
using Jigsaw.CompilerServices;

namespace Jigsaw.Runtime.Tests.Recipes;

public class NumericRulesTests
{
    [Theory]
    [InlineData(NumericRule.Weight, 0, true)]
    [InlineData(NumericRule.Weight, 1e300, true)]
    [InlineData(NumericRule.Weight, -1e-300, false)]
    [InlineData(NumericRule.Weight, double.NaN, false)]
    [InlineData(NumericRule.Weight, double.PositiveInfinity, false)]
    [InlineData(NumericRule.Positive, 0, false)]
    [InlineData(NumericRule.Positive, double.Epsilon, true)]
    [InlineData(NumericRule.Positive, double.PositiveInfinity, false)]
    [InlineData(NumericRule.Fraction, 0, true)]
    [InlineData(NumericRule.Fraction, 1, true)]
    [InlineData(NumericRule.Fraction, 1.0000001, false)]
    [InlineData(NumericRule.Fraction, double.NaN, false)]
    [InlineData(NumericRule.Index, 0, true)]
    [InlineData(NumericRule.Index, -1, false)]
    [InlineData(NumericRule.Index, 0.5, false)]
    [InlineData(NumericRule.Count, 0, false)]
    [InlineData(NumericRule.Count, 1, true)]
    public void A_rule_is_met_or_not(NumericRule rule, double value, bool isMet)
    {
        Assert.Equal(isMet, NumericRules.IsMet(rule, value));
        Assert.Equal(isMet, NumericRules.Problem(rule, "X", value) is null);
    }

    [Theory]
    [InlineData(1e-46, true)]
    [InlineData(1e-45, false)]
    [InlineData(1e39, true)]
    [InlineData(3e38, false)]
    [InlineData(0, false)]
    [InlineData(double.PositiveInfinity, false)]
    public void A_number_is_lost_in_float32_or_not(double value, bool isLost) => Assert.Equal(isLost, NumericRules.IsLostInSingle(value));

    [Fact]
    public void A_number_reads_back_from_its_text() =>
        Gen.Double.Sample(value => double.IsNaN(value) ? NumberText.Of(value) == "NaN" : double.Parse(NumberText.Of(value), CultureInfo.InvariantCulture).Equals(value));

    [Theory]
    [InlineData(Ramp.Linear, 0, 0)]
    [InlineData(Ramp.Linear, 100, 0)]
    [InlineData(Ramp.Linear, 125, 0.25)]
    [InlineData(Ramp.Linear, 200, 1)]
    [InlineData(Ramp.Linear, 100_000, 1)]
    [InlineData(Ramp.Cosine, 100, 0)]
    [InlineData(Ramp.Cosine, 150, 0.5)]
    [InlineData(Ramp.Cosine, 125, 0.14644660940672627)]
    [InlineData(Ramp.Cosine, 200, 1)]
    public void A_ramp_rises_from_0_to_1(Ramp ramp, long step, double share) => Assert.Equal(share, WeightRamp.At(ramp, step, from: 100, steps: 100), 15);

    [Theory]
    [InlineData(0, 1, 0)]
    [InlineData(59, 1, 0)]
    [InlineData(60, 1, 0.01)]
    [InlineData(100, 1, 0.01)]
    [InlineData(150, 1, 0.1)]
    [InlineData(199, 1, 0.95499258602143588)]
    [InlineData(200, 1, 1)]
    [InlineData(100_000, 1, 1)]
    [InlineData(150, 4, 0.2)]
    [InlineData(150, 0.0025, 0.005)]
    [InlineData(200, 0.0025, 0.0025)]
    [InlineData(150, 0, 0)]
    [InlineData(60, 0, 0)]
    public void A_geometric_ramp_goes_from_its_start_to_the_weight(long step, double weight, double expected) =>
        Assert.Equal(expected, WeightRamp.Geometric(step, weight, start: 0.01, startFrom: 60, from: 100, steps: 100), 14);
}
