using System.Text;
using System.Text.Json;

namespace Jigsaw.Runtime.Tests.Recipes;

public sealed class HyperparameterFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void What_is_written_is_read_again()
    {
        var numbers = FileRecipe.Defaults with { CePerformanceWeight = 0.1, CeProtectionMaxLoss = 7.25, MedianNormRampSteps = 40 };
        numbers.Write(_folder["numbers.json"]);

        Assert.Equal(numbers, FileRecipe.Hyperparameters.Read(_folder["numbers.json"]));
        Assert.Equal(numbers.ToJson(), File.ReadAllText(_folder["numbers.json"]));
    }

    [Theory]
    [InlineData("{ \"CePerformanceWeight\": 0.5, \"median_norm_penalty_weight_ramp_steps\": 100.0 }")]
    [InlineData("{ \"jigsaw_ce_performance_loss_weight\": 5e-1, \"MedianNormRampSteps\": 1e2, }")]
    public void Names_of_CSharp_and_whole_numbers_in_any_form_are_read(string json)
    {
        var numbers = Read(json);

        Assert.Equal((0.5, 100), (numbers.CePerformanceWeight, numbers.MedianNormRampSteps));
    }

    [Fact]
    public void A_byte_order_mark_is_skipped()
    {
        foreach (var encoding in (Encoding[])[new UTF8Encoding(true), Encoding.Unicode, Encoding.BigEndianUnicode])
        {
            File.WriteAllText(_folder["numbers.json"], "{ \"CePerformanceWeight\": 0.5 }", encoding);

            Assert.Equal(0.5, FileRecipe.Hyperparameters.Read(_folder["numbers.json"]).CePerformanceWeight);
        }
    }

    [Theory]
    [InlineData("{ \"CePerformanceWeights\": 1 }", "names 'CePerformanceWeights', which this recipe doesn't have; did you mean 'CePerformanceWeight'?")]
    [InlineData("{ \"CePerformanceWeight\": 1, \"jigsaw_ce_performance_loss_weight\": 2 }", "names 'jigsaw_ce_performance_loss_weight' twice; keep one.")]
    [InlineData("{ \"jigsaw_ce_performance_loss_weight\": 1, \"CePerformanceWeight\": 2 }", "twice, once as 'CePerformanceWeight'; keep one.")]
    [InlineData("{\n \"\\ud800\": 1 }", "is not JSON (line 2, column 2: a text or a name that is not Unicode: half a surrogate pair, or invalid UTF-8); correct it there.")]
    [InlineData("{ \"MedianNormRampSteps\": 100.5 }", "is 100.5; write a whole number that an int can hold.")]
    [InlineData("{ \"MedianNormRampSteps\": 3e9 }", "is 3e9; write a whole number that an int can hold.")]
    [InlineData("{ \"CePerformanceWeight\": 1e60 }", "CePerformanceWeight is 1E+60, which becomes infinite in float32; use a number between 1.5E-45 and 3.4E+38")]
    [InlineData("{ \"CePerformanceWeight\": 1e-60 }", "CePerformanceWeight is 1E-60, which becomes 0 in float32")]
    public void What_cannot_be_read_is_said_in_a_sentence(string json, string message) =>
        Assert.Contains(message, Assert.Throws<ArgumentException>(() => Read(json)).Message, StringComparison.Ordinal);

    [Fact]
    public void The_schema_names_each_number_twice_with_its_rule_and_what_cannot_change()
    {
        var schema = JsonDocument.Parse(FileRecipe.Hyperparameters.Schema).RootElement;
        var properties = schema.GetProperty("properties");

        Assert.Equal("FileRecipe", schema.GetProperty("title").GetString());
        Assert.All(FileRecipe.Defaults.ToDictionary().Keys, name => Assert.True(properties.TryGetProperty(name, out _), name));
        Assert.Equal(0, properties.GetProperty("CeProtectionMaxLoss").GetProperty("exclusiveMinimum").GetInt32());
        Assert.Equal(("integer", 1, 20), (properties.GetProperty("median_norm_penalty_weight_ramp_steps").GetProperty("type").GetString(), properties.GetProperty("median_norm_penalty_weight_ramp_steps").GetProperty("minimum").GetInt32(), properties.GetProperty("MedianNormRampSteps").GetProperty("default").GetInt32()));
        Assert.Equal("soft", properties.GetProperty("ce_target").GetProperty("const").GetString());
        Assert.False(schema.GetProperty("additionalProperties").GetBoolean());
    }

    private FileRecipe.Hyperparameters Read(string json)
    {
        File.WriteAllText(_folder["numbers.json"], json);
        return FileRecipe.Hyperparameters.Read(_folder["numbers.json"]);
    }
}

[LossRecipe]
[LossTerm.CePerformance(1.0)]
[LossTerm.CeProtection(0.25, MaxLoss = 10)]
[LossTerm.AbsoluteCosineSimilarity(0.5)]
[LossTerm.MedianNorm(0.1, RampSteps = 20)]
public static partial class FileRecipe;
