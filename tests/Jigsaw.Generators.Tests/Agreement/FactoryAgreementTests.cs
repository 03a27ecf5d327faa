using System.Reflection;
using Jigsaw.Batches;
using Jigsaw.CompilerServices;
using Jigsaw.Generators.Tests.Compiling;
using Jigsaw.Losses;
using Microsoft.CodeAnalysis;
using static TorchSharp.torch;

namespace Jigsaw.Generators.Tests.Agreement;

public class FactoryAgreementTests
{
    [Fact]
    public void A_generated_recipe_and_the_newer_factory_agree_bit_for_bit_in_every_mixture() => Agree([.. Mixture.OfTheNewerFactory()]);

    [Fact]
    public void A_generated_recipe_and_the_older_factory_agree_bit_for_bit_in_every_mixture() => Agree([.. Mixture.OfTheOlderFactory()]);

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(12)]
    public void Keys_ramps_and_terms_of_some_steps_agree_bit_for_bit_at_each_step(long at) => Agree([.. Mixture.OfKeysAndSteps()], at);

    [Fact]
    public void A_term_that_recipes_share_agrees_bit_for_bit_with_the_recipe_s_own()
    {
        const string Terms = """
            [LossTerm(0.05)] protected static torch.Tensor NoiseFloor(TransformStds stds) => (0.5 - stds.Value).clamp_min(0).mean();
            [LossTerm(0.1)] protected static torch.Tensor Uncertainty(StudentNoisyLogitRows student) => -(student.Value.softmax(1) * student.Value.log_softmax(1)).sum(1);
            """;
        var assembly = Compiled.Load(Compiled.Compile(
        [
            $$"""
            using Jigsaw;
            using TorchSharp;
            [LossRecipe, LossTerm.CePerformance(1), LossTerm.StdLogRatio(1)] public partial class Own { {{Terms}} }
            [LossRecipe, LossTerm.CePerformance(1), LossTerm.StdLogRatio(1)] public partial class Derived : Base { }
            [LossRecipe, LossTerm.CePerformance(1), LossTerm.StdLogRatio(1), LossTerms(typeof(Shared<int>))] public partial class Sharing { }
            public class Base { {{Terms}} }
            public class Shared<T> { {{Terms.Replace("protected", "internal", StringComparison.Ordinal)}} }
            """,
        ]));
        var step = new SmallStep();
        var own = step.Run((activations, lossMask) => Compute(assembly.GetType("Own")!, activations, lossMask));

        foreach (var name in (string[])["Derived", "Sharing"])
        {
            var recipe = assembly.GetType(name)!;
            var shared = step.Run((activations, lossMask) => Compute(recipe, activations, lossMask));

            Assert.Equal(own.Keys.Order(StringComparer.Ordinal), shared.Keys.Order(StringComparer.Ordinal));
            Assert.All(own, value => Assert.Equal(value.Value, shared[value.Key]));
            Assert.Equal(assembly.GetType("Own")!.GetProperty("Plan")!.GetValue(null)!.ToString(), recipe.GetProperty("Plan")!.GetValue(null)!.ToString());
        }
    }

    private static void Agree(IReadOnlyList<Mixture> mixtures, long at = 0)
    {
        var compilation = Compiled.Compile(["using Jigsaw;\n" + string.Concat(mixtures.Select(mixture => mixture.Source))]);
        var assembly = Compiled.Load(compilation);
        var step = new SmallStep(at);
        var bitsBefore = step.Run(mixtures[0].Program.Run);
        foreach (var mixture in mixtures)
        {
            var recipe = assembly.GetType(mixture.Name, throwOnError: true)!;
            var generated = step.Run((activations, lossMask) => Compute(recipe, activations, lossMask));
            var built = step.Run(mixture.Program.Run);

            Assert.Equal(built.Keys.Order(StringComparer.Ordinal), generated.Keys.Order(StringComparer.Ordinal));
            foreach (var (name, bits) in built)
            {
                Assert.True(bits.AsSpan().SequenceEqual(generated[name]), $"{name} of {mixture.Source}");
            }

            Assert.Equal(mixture.Program.Plan.ToString(), recipe.GetProperty("Plan")!.GetValue(null)!.ToString());
        }

        Assert.Equal(bitsBefore["loss"], step.Run(mixtures[0].Program.Run)["loss"]);
    }

    private static (Tensor Loss, ComponentLosses Components) Compute(Type recipe, StepActivations activations, RowMask lossMask)
    {
        var defaults = recipe.GetProperty("Defaults")!.GetValue(null);
        var arguments = new[] { activations, lossMask, defaults, null };
        var loss = (Tensor)recipe.GetMethod("Compute", BindingFlags.NonPublic | BindingFlags.Static)!.Invoke(null, arguments)!;
        return (loss, (ComponentLosses)arguments[3]!);
    }
}
