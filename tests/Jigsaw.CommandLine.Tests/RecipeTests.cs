using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Jigsaw.CommandLine.Options;
using Jigsaw.CommandLine.Recipes;
using Jigsaw.CommandLine.Verbs;
using Microsoft.Extensions.Logging;

namespace Jigsaw.CommandLine.Tests;

public sealed class RecipeTests
{
    [Fact]
    public async Task A_plan_says_what_a_step_runs_and_what_it_costs()
    {
        var (code, output, error) = await ProgramRun.Run("plan");
        Assert.True(code == 0, output + error);
        Assert.Contains(TinyRecipe.Plan.ToString().TrimEnd(), output, StringComparison.Ordinal);
        Assert.Contains("On average a step costs 3 forwards and 2 backwards of the base: about 5 forwards", output, StringComparison.Ordinal);
        Assert.Matches(@"Memory: \d+\.\d MiB for the frozen base, \d+\.\d MiB for \d+ trained numbers with their gradients and the moments of AdamW;", output);
    }

    [Fact]
    public async Task A_plan_tells_the_memory_of_a_step_part_by_part()
    {
        var whole = await Parts("--batch", "8");
        Assert.Equal(whole[..^1].Sum(), whole[^1], 0.4);
        Assert.All(whole, part => Assert.True(part > 0));

        // In micro-batches activations and what a layer has for a moment are those of fewer rows; weights and the transform's graph stay.
        var parts = await Parts("--batch", "8", "--micro-batch", "2");
        Assert.Equal(whole[..3], parts[..3]);
        Assert.True(parts[3] < whole[3] / 2 && parts[^1] < whole[^1]);

        var (code, _, error) = await ProgramRun.Run("plan", "--memory");
        Assert.Equal((JigsawExitCode.Error, "error: --memory needs the tokens of a row; give --max-length."), (code, error.Trim()));

        static async Task<double[]> Parts(params string[] arguments)
        {
            var (code, output, error) = await ProgramRun.Run(["plan", "--memory", "--max-length", "64", .. arguments]);
            Assert.True(code == 0, output + error);
            Assert.Contains($" for 8 rows of 64 tokens{(arguments.Length > 2 ? ", 2 at a time" : "")}; .NET and libtorch come on top,", output, StringComparison.Ordinal);
            var told = output[output.IndexOf("Memory: ", StringComparison.Ordinal)..];
            var numbers = Regex.Matches(told, @"([\d.]+) MiB").Select(match => double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture)).ToArray();
            return numbers.Length == 7 ? numbers : throw new InvalidOperationException(told);
        }
    }

    [Fact]
    public async Task A_plan_needs_no_model()
    {
        var (code, output, _) = await ProgramRun.Run("plan", "--model", Path.Combine(Path.GetTempPath(), "no-such-model"));
        Assert.Equal(0, code);
        Assert.Contains("There is no model in ", output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_term_on_every_fourth_step_costs_a_fourth_of_its_passes()
    {
        // The teacher's noisy pass serves the term on every fourth step alone.
        var always = PlanCost.Of(TinyRecipe.Plan);
        var sometimes = PlanCost.Of(RampedChatRecipe.Plan);
        Assert.Equal((3.0, 2.0), (always.Forwards, always.Backwards));
        Assert.Equal((2.25, 1.25), (sometimes.Forwards, sometimes.Backwards));
    }

    [Fact]
    public void A_formula_has_the_numbers_that_a_run_has()
    {
        Assert.Equal(
            """
            composite_loss =   1    · jigsaw_ce_performance_loss  attention mask
                             − 0.25 · jigsaw_ce_protection_loss   loss mask; capped at 10; every 4 steps, at 4 times the weight
                             + 2    · information_rate            noise mask; geometric ramp over 500 steps from step 100

            """,
            RampedChatRecipe.Defaults.With([KeyValuePair.Create("InformationRateWeight", 2.0)]).ToFormula());
        Assert.Equal(1.0, RampedChatRecipe.Defaults.InformationRateWeight);
        Assert.Equal("composite_loss = 0\n", TinyRecipe.Defaults.With(TinyRecipe.Defaults.ToDictionary().Where(number => number.Key.EndsWith("_weight", StringComparison.Ordinal)).Select(number => KeyValuePair.Create(number.Key, 0.0))).ToFormula());
        Assert.Equal("'jigsaw_ce_protection_loss_every' is 1.5; use a whole number.", Assert.Throws<ArgumentException>(() => RampedChatRecipe.Defaults.With([KeyValuePair.Create("jigsaw_ce_protection_loss_every", 1.5)])).Message);
        Assert.Throws<ArgumentException>(() => TinyRecipe.Defaults.With([KeyValuePair.Create("CeProtectionWeight", 1.0), KeyValuePair.Create("jigsaw_ce_protection_loss_weight", 2.0)]));
        Assert.Throws<ArgumentException>(() => TinyRecipe.Defaults.With([KeyValuePair.Create("ce_target", 1.0)]));
    }

    [Fact]
    public void Ramps_keep_their_share_of_a_run_and_numbers_that_were_changed_stay()
    {
        var written = RampedChatRecipe.Defaults;
        var scaled = (RampedChatRecipe.Hyperparameters)RampScaling.Scale(written with { InformationRateRampFrom = 7 }, written, 100, 1000);
        Assert.Equal((5, 7, 50), (scaled.InformationRateRampStartFrom, scaled.InformationRateRampFrom, scaled.InformationRateRampSteps));
        Assert.Equal(4, scaled.CeProtectionEvery);

        // To the nearest step.
        var rounded = (RampedChatRecipe.Hyperparameters)RampScaling.Scale(written, written, 673, 1000);
        Assert.Equal((34, 67, 337), (rounded.InformationRateRampStartFrom, rounded.InformationRateRampFrom, rounded.InformationRateRampSteps));
        Assert.Equal(3, ((RampedChatRecipe.Hyperparameters)RampScaling.Scale(written, written, 3, 1000)).CeProtectionEvery);
        Assert.Equal(500, written.InformationRateRampSteps);
    }

    [Fact]
    public void A_recipe_is_called_after_its_type_and_takes_its_own_numbers_alone()
    {
        Assert.Equal("ramped-chat", ProgramRecipe.Of<RampedChatRecipe>(null).Name);
        Assert.Equal(1000, ProgramRecipe.Of<RampedChatRecipe>(null).Defaults.Steps);
        var members = ProgramRecipe.Of<RampedChatRecipe>(null).Members;
        Assert.Same(RampedChatRecipe.Plan, members.Plan);
        Assert.Same(RampedChatRecipe.Defaults, members.Defaults);
        Assert.StartsWith("The numbers are Jigsaw.CommandLine.Tests.TinyRecipe+Hyperparameters, the recipe's are Jigsaw.CommandLine.Tests.RampedChatRecipe+Hyperparameters;", Assert.Throws<ArgumentException>(() => members.Bind(null!, null!, TinyRecipe.Defaults)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_recipes_need_two_names_and_a_program_needs_one()
    {
        Assert.Throws<ArgumentException>(() => new JigsawProgram().Add<TinyRecipe>("a").Add<RampedChatRecipe>("a"));
        await Assert.ThrowsAsync<InvalidOperationException>(() => new JigsawProgram().RunAsync([]));
    }

    [Fact]
    public async Task A_static_recipe_is_added_by_its_members()
    {
        var program = new JigsawProgram { Model = ProgramRun.Model }.Add<StaticRecipe.Hyperparameters>("static", StaticRecipe.Plan, StaticRecipe.Bind, StaticRecipe.Hyperparameters.Read, StaticRecipe.Defaults);
        var (code, output, error) = await ProgramRun.Run(program, CancellationToken.None, "plan");
        Assert.True(code == 0, output + error);
        Assert.Contains("Recipe static. A step runs:", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_said_reaches_the_users_logger_and_a_verb_is_an_activity()
    {
        var activities = new List<string>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "Jigsaw",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = activity => activities.Add(activity.OperationName),
        };
        ActivitySource.AddActivityListener(listener);
        using var factory = new KeptLog();
        Assert.Equal(0, (await ProgramRun.Run(ProgramRun.Program(factory), CancellationToken.None, "plan", "--quiet")).Code);
        Assert.Contains("plan", activities);
        Assert.Contains((LogLevel.Information, "Recipe tiny. A step runs:"), factory.Entries);
        Assert.Equal("Jigsaw", factory.Category);
    }

    [Theory]
    [InlineData("stepps", "steps")]
    [InlineData("qwertyuiop", null)]
    public void The_nearest_name_is_one_that_is_near(string name, string? nearest) =>
        Assert.Equal(nearest, NearestName.Of(name, ["steps", "batch", "seed"]));
}
