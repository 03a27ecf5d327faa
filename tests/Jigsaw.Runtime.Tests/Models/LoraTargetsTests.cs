using Jigsaw.Models;
using Jigsaw.Models.Lora;

namespace Jigsaw.Runtime.Tests.Models;

/// <summary>PEFT's rules of which modules are meant.</summary>
public sealed class LoraTargetsTests
{
    private static readonly string[] _modules =
    [
        .. Enumerable.Range(0, 12).SelectMany(layer => new[] { "self_attn.q_proj", "self_attn.o_proj", "mlp.down_proj" }.Select(name => $"model.layers.{layer}.{name}")),
        CausalLM.HeadModule,
    ];

    [Fact]
    public void A_list_names_modules_by_their_last_parts()
    {
        Assert.Equal(24, Count(new LoraConfig { TargetModules = ["q_proj", "mlp.down_proj"] }));
        Assert.Equal(0, Count(new LoraConfig { TargetModules = ["proj"] }));
        Assert.Equal(1, Count(new LoraConfig { TargetModules = ["model.layers.3.self_attn.q_proj"] }));
        Assert.Equal(1, Count(new LoraConfig { TargetModules = ["layers.1.self_attn.q_proj"] }));
    }

    [Fact]
    public void All_linear_means_all_but_the_head() => Assert.Equal(36, Count(new LoraConfig()));

    [Fact]
    public void A_pattern_must_match_a_whole_name()
    {
        Assert.Equal(12, Count(new LoraConfig { TargetPattern = @".*\.q_proj" }));
        Assert.Equal(0, Count(new LoraConfig { TargetPattern = "q_proj" }));
        Assert.Equal(2, Count(new LoraConfig { TargetPattern = @"model\.layers\.[01]\.mlp\.down_proj" }));
    }

    [Theory]
    [InlineData(@"(?P<n>.*)\.q_proj", 12)]
    [InlineData(@".*\.q_proj\Z", 12)]
    [InlineData(@"model\.layers\.(?P<l>1)(?P=l)\.self_attn\.[qo]_proj", 2)]
    public void Patterns_are_regular_expressions_of_Python(string pattern, int expected) => Assert.Equal(expected, Count(new LoraConfig { TargetPattern = pattern }));

    [Fact]
    public void A_key_of_a_pattern_that_matches_no_module_is_refused()
    {
        Assert.Contains(
            "RankPattern has 'q_porj'",
            Assert.Throws<ArgumentException>(() => new LoraTargets(new LoraConfig { RankPattern = new Dictionary<string, int> { ["q_porj"] = 4 } }).CheckPatterns(_modules)).Message,
            StringComparison.Ordinal);
        new LoraTargets(new LoraConfig { AlphaPattern = new Dictionary<string, double> { ["q_proj"] = 4 } }).CheckPatterns(_modules);
    }

    [Fact]
    public void Excluded_modules_are_left_out()
    {
        Assert.Equal(24, Count(new LoraConfig { ExcludeModules = ["q_proj"] }));
        Assert.Equal(35, Count(new LoraConfig { ExcludePattern = @"model\.layers\.0\.self_attn\.q_proj" }));
        Assert.Equal(36, Count(new LoraConfig { ExcludePattern = "q_proj" }));
    }

    [Fact]
    public void Layers_to_transform_are_counted_by_the_number_in_the_name()
    {
        Assert.Equal(2, Count(new LoraConfig { TargetModules = ["q_proj"], LayersToTransform = [1, 11] }));
        Assert.Equal(2, Count(new LoraConfig { TargetModules = ["q_proj"], LayersToTransform = [1, 11], LayersPattern = ["layers"] }));
        Assert.Equal(0, Count(new LoraConfig { TargetModules = ["q_proj"], LayersToTransform = [1], LayersPattern = ["blocks"] }));
        Assert.Throws<ArgumentException>(() => new LoraTargets(new LoraConfig { TargetPattern = ".*q_proj", LayersToTransform = [1] }));
    }

    [Fact]
    public void Patterns_give_separate_ranks_and_scales()
    {
        var targets = new LoraTargets(new LoraConfig
        {
            Rank = 4,
            Alpha = 8,
            RankPattern = new Dictionary<string, int> { ["down_proj"] = 16, [@"layers\.1\.self_attn\.q_proj"] = 2, ["proj"] = 99 },
            AlphaPattern = new Dictionary<string, double> { ["q_proj"] = 5 },
        });
        Assert.Equal(16, targets.RankOf("model.layers.0.mlp.down_proj"));
        Assert.Equal(2, targets.RankOf("model.layers.1.self_attn.q_proj"));
        Assert.Equal(4, targets.RankOf("model.layers.11.self_attn.q_proj"));
        Assert.Equal(0.5, targets.ScaleOf("model.layers.0.mlp.down_proj"));
        Assert.Equal(2.5, targets.ScaleOf("model.layers.1.self_attn.q_proj"));
        Assert.Equal(2, targets.ScaleOf("model.layers.0.self_attn.o_proj"));
        Assert.Equal(4, new LoraTargets(new LoraConfig { Rank = 4, Alpha = 8, RankStabilized = true }).ScaleOf("q_proj"));
    }

    [Fact]
    public void Numbers_out_of_range_are_refused()
    {
        Assert.Throws<ArgumentException>(() => new LoraTargets(new LoraConfig { Rank = 0 }));
        Assert.Throws<ArgumentException>(() => new LoraTargets(new LoraConfig { Alpha = double.NaN }));
        Assert.Throws<ArgumentException>(() => new LoraTargets(new LoraConfig { Dropout = 1 }));
    }

    private static int Count(LoraConfig config)
    {
        var targets = new LoraTargets(config);
        return _modules.Count(targets.Includes);
    }
}
