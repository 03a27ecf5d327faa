using System.Globalization;
using Jigsaw.Generators.Emission;
using Jigsaw.Generators.Tests.Compiling;

namespace Jigsaw.Generators.Tests.Emission;

public class CultureTests
{
    private const string Recipes = """
        using Jigsaw;
        using TorchSharp;
        [LossRecipe(DistillationLayer = 12, Alpha = 0.3)]
        [LossTerm.CePerformance(0.1)]
        [LossTerm.CeProtection(1e-9, MaxLoss = 10.5, ScalingFactor = 0.25, RampFrom = 10, RampSteps = 1000)]
        [LossTerm.InverseL2PowerLaw(1e22, CharacteristicLength = 1.5, ExponentOfDecay = 2)]
        public partial class INDIGO
        {
            [LossTerm(0.05)]
            private static torch.Tensor InitialISize(TransformStds stds) => stds.Value.mean();
        }

        [LossRecipe(DistillationLayer = -1)]
        [LossTerm.CePerformance(-0.1)]
        [LossTerm.StdLogRatio(double.NegativeInfinity)]
        public partial class Wrong { }
        """;

    public static TheoryData<string> Cultures => ["de-DE", "sv-SE", "tr-TR", "ar-SA", "fa-IR"];

    [Theory]
    [MemberData(nameof(Cultures))]
    public void The_same_is_generated_and_reported_under_every_culture(string culture)
    {
        var expected = Under(CultureInfo.InvariantCulture);

        Assert.Equal(expected, Under(CultureInfo.GetCultureInfo(culture)));
        Assert.Contains("initial_i_size", expected, StringComparison.Ordinal);
        Assert.Contains("is -0.1,", expected, StringComparison.Ordinal);
    }

    [Fact]
    public void The_same_input_gives_the_same_bytes_on_every_run()
    {
        var first = Bytes();

        Assert.NotEmpty(first);
        Assert.Equal(first, Bytes());

        // A compilation, a generator and a driver of its own for every run: nothing that was cached can hide a difference.
        static List<(string HintName, string Bytes)> Bytes() =>
            [.. Compiled.Of(Recipes).Files.Select(file => (file.HintName, Convert.ToHexString([.. file.SourceText.Encoding!.GetPreamble(), .. file.SourceText.Encoding.GetBytes(file.SourceText.ToString())])))];
    }

    [Fact]
    public void Line_ends_do_not_depend_on_the_machine_or_on_the_source()
    {
        var crlf = Compiled.Of(Recipes.ReplaceLineEndings("\r\n")).Files.Select(file => file.SourceText.ToString());

        Assert.Equal(Compiled.Of(Recipes.ReplaceLineEndings("\n")).Files.Select(file => file.SourceText.ToString()), crlf);
        Assert.All(crlf, text => Assert.DoesNotContain('\r', text));
    }

    [Theory]
    [InlineData(0.1, "0.1")]
    [InlineData(1, "1.0")]
    [InlineData(-0.0, "-0.0")]
    [InlineData(1e22, "1E+22")]
    [InlineData(0.1 + 0.2, "0.30000000000000004")]
    [InlineData(double.Epsilon, "4.94065645841247E-324")]
    [InlineData(double.NaN, "double.NaN")]
    [InlineData(double.PositiveInfinity, "double.PositiveInfinity")]
    [InlineData(double.NegativeInfinity, "double.NegativeInfinity")]
    public void A_literal_is_the_shortest_that_is_a_double(double value, string literal) => Assert.Equal(literal, Literal.Of(value));

    [Fact]
    public void Every_literal_reads_back_as_its_value()
    {
        var random = new Random(5);
        for (var i = 0; i < 10_000; i++)
        {
            var value = BitConverter.Int64BitsToDouble(random.NextInt64());
            if (double.IsFinite(value))
            {
                Assert.Equal(value, double.Parse(Literal.Of(value), CultureInfo.InvariantCulture));
            }
        }
    }

    private static string Under(CultureInfo culture)
    {
        var (before, uiBefore) = (CultureInfo.CurrentCulture, CultureInfo.CurrentUICulture);
        try
        {
            (CultureInfo.CurrentCulture, CultureInfo.CurrentUICulture) = (culture, culture);
            var compiled = Compiled.Of(Recipes);
            return string.Concat(compiled.Files.Select(file => file.SourceText.ToString())) + string.Join('\n', compiled.Diagnostics.Where(Compiled.IsJigsaw).Select(diagnostic => diagnostic.GetMessage(CultureInfo.InvariantCulture)).Order(StringComparer.Ordinal));
        }
        finally
        {
            (CultureInfo.CurrentCulture, CultureInfo.CurrentUICulture) = (before, uiBefore);
        }
    }
}
