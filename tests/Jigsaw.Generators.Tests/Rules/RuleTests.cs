
namespace Jigsaw.Generators.Tests.Rules;

public class RuleTests
{
    [Theory]
    [InlineData("{|JIG0020:double.NaN|}")]
    [InlineData("{|JIG0020:double.PositiveInfinity|}")]
    [InlineData("{|JIG0020:1 / -4.0|}")]
    [InlineData("{|JIG0020:Numbers.Negative|}")]
    [InlineData("weight: {|JIG0020:-1|}")]
    [InlineData("{|JIG0021:0|}")]
    [InlineData("{|JIG0021:-0.0|}")]
    [InlineData("{|JIG0021:Numbers.Zero|}")]
    [InlineData("{|JIG0026:3 / 4|} + 0.25")]
    [InlineData("{|JIG0026:1 / Numbers.Four|}")]
    [InlineData("{|JIG0026:3 / 2|}")]
    [InlineData("{|JIG0026:1u / 2u|} + 1")]
    [InlineData("{|JIG0026:1ul / 2|} + 1")]
    [InlineData("{|JIG0026:(sbyte)1 / 2|} + 1")]
    [InlineData("{|JIG0026:'a' / 2|}")]
    [InlineData("{|JIG0026:-3 / 2|} + 5")]
    [InlineData("1 + {|JIG0026:(int)0.5|}")]
    [InlineData("(int)2.0")]
    [InlineData("{|JIG0026:Numbers.OneAndAHalf|}")]
    [InlineData("{|JIG0026:0.5 * Numbers.Chained|}")]
    [InlineData("{|JIG0030:0 / 2.0|}")]
    [InlineData("{|JIG0030:1e-200 * 1e-200|}")]
    [InlineData("4 / 4")]
    [InlineData("1.0 / 4")]
    [InlineData("(float)0.1")]
    [InlineData("Numbers.Quarter * 2")]
    [InlineData("{|JIG0027:1e-60|}")]
    [InlineData("{|JIG0027:1e60|}")]
    public void A_weight(string weight) => Recipe($"[LossTerm.MedianNorm({weight})]");

    [Theory]
    [InlineData("Repeats = {|JIG0028:0|}")]
    [InlineData("Weighting = {|JIG0025:(TokenWeighting)2|}")]
    [InlineData("Weighting = TokenWeighting.Surprisal, Repeats = 4")]
    public void An_argument_of_the_information_rate(string arguments) => Recipe($"[LossTerm.InformationRate(1, {arguments})]");

    [Fact]
    public void Surprisal_needs_logits() => Marked.Verify("""
        using Jigsaw;
        [LossRecipe(DistillationLayer = 2, Truncate = true)]
        [LossTerm.L2Performance(1)]
        [{|JIG0043:LossTerm.InformationRate|}(1, Weighting = TokenWeighting.Surprisal)]
        [LossTerm.InformationRate(1, Weighting = TokenWeighting.Uniform, Key = "rate")]
        public partial class ChatRecipe { }
        """);

    [Theory]
    [InlineData("MaxLoss = {|JIG0022:0|}")]
    [InlineData("MaxLoss = {|JIG0022:-10|}")]
    [InlineData("MaxLoss = {|JIG0022:double.PositiveInfinity|}")]
    [InlineData("MaxLoss = 10, ScalingFactor = {|JIG0022:double.NaN|}")]
    [InlineData("MaxLoss = {|JIG0022:{|JIG0026:1 / 4|}|}")]
    [InlineData("MaxLoss = 10, Mask = {|JIG0025:TokenMask.None|}")]
    [InlineData("MaxLoss = 10, Mask = {|JIG0025:(TokenMask)64|}")]
    [InlineData("MaxLoss = 10, Mask = TokenMask.Attention | TokenMask.Loss | TokenMask.Noise")]
    [InlineData("MaxLoss = 10, RampSteps = {|JIG0028:0|}")]
    [InlineData("MaxLoss = 10, Every = {|JIG0028:0|}")]
    [InlineData("MaxLoss = 10, Every = {|JIG0028:-4|}")]
    [InlineData("MaxLoss = 10, Every = 1")]
    [InlineData("MaxLoss = 10, Every = int.MaxValue, RampSteps = 5")]
    [InlineData("MaxLoss = 10, RampSteps = 5, RampFrom = {|JIG0028:-1|}")]
    [InlineData("MaxLoss = 10, RampSteps = 5, Ramp = {|JIG0025:(Ramp)3|}")]
    [InlineData("MaxLoss = 10, RampSteps = 5, RampFrom = 0, Ramp = Ramp.Cosine")]
    [InlineData("MaxLoss = 10, {|JIG0044:RampFrom = 3|}, {|JIG0044:Ramp = Ramp.Linear|}")]
    [InlineData("MaxLoss = 10, RampSteps = 5, RampFrom = 3, Ramp = Ramp.Geometric, RampStart = 0.003, RampStartFrom = 3")]
    [InlineData("MaxLoss = 10, RampSteps = 5, Ramp = Ramp.Geometric, RampStart = {|JIG0022:0|}")]
    [InlineData("MaxLoss = 10, RampSteps = 5, Ramp = Ramp.Geometric, RampStart = {|JIG0022:-0.1|}")]
    [InlineData("MaxLoss = 10, RampSteps = 5, Ramp = {|JIG0029:Ramp.Geometric|}")]
    [InlineData("MaxLoss = 10, RampSteps = 5, Ramp = {|JIG0029:Ramp.Geometric|}, {|JIG0044:RampStartFrom = 0|}")]
    [InlineData("MaxLoss = 10, RampSteps = 5, Ramp = Ramp.Cosine, {|JIG0044:RampStart = 0.1|}")]
    [InlineData("MaxLoss = 10, {|JIG0044:Ramp = Ramp.Geometric|}, RampStart = 0.1")]
    [InlineData("MaxLoss = 10, RampSteps = 5, RampFrom = 3, Ramp = Ramp.Geometric, RampStart = 0.1, RampStartFrom = {|JIG0028:4|}")]
    [InlineData("MaxLoss = 10, RampSteps = 5, Ramp = Ramp.Geometric, RampStart = 0.1, RampStartFrom = {|JIG0028:1|}")]
    [InlineData("MaxLoss = 10, RampSteps = 5, Ramp = Ramp.Geometric, RampStart = 0.1, RampStartFrom = {|JIG0028:-1|}")]
    public void An_argument_of_a_maximized_term(string arguments)
    {
        if (arguments.Contains("{|JIG0022:{|", StringComparison.Ordinal))
        {
            Assert.Equal(["JIG0022", "JIG0026"], Compiling.Compiled.Of("using Jigsaw;\n[LossRecipe]\n[LossTerm.CePerformance(1)]\n[LossTerm.StdLogRatio(1)]\n[LossTerm.CeProtection(1, MaxLoss = 1 / 4)]\npublic partial class Chat { }").Ids.Order());
            return;
        }

        Recipe($"[LossTerm.CeProtection(0.25, {arguments})]");
    }

    [Theory]
    [InlineData("CeProtection")]
    [InlineData("CleanEmbeddingsGuardrails")]
    [InlineData("DistillationProtectionL2")]
    [InlineData("CleanEmbeddingPerformance")]
    public void Each_maximized_term_wants_a_cap(string term)
    {
        Recipe($"[{{|JIG0045:LossTerm.{term}|}}(0.25)]");
        Recipe($"[{{|JIG0045:LossTerm.{term}|}}(0.25, {{|JIG0044:ScalingFactor = 2|}})]");
        Recipe($"[LossTerm.{term}(0.25, MaxLoss = 10, ScalingFactor = 2)]");
        Recipe($"[LossTerm.{term}({{|JIG0021:0|}})]");
    }

    [Theory]
    [InlineData("Alpha = {|JIG0023:-0.1|}")]
    [InlineData("Alpha = {|JIG0023:1.1|}")]
    [InlineData("Alpha = {|JIG0023:double.NaN|}")]
    [InlineData("Alpha = {|JIG0047:1|}")]
    [InlineData("Alpha = {|JIG0047:0|}")]
    [InlineData("Alpha = 0.5")]
    [InlineData("GradientFilter = {|JIG0023:1.5|}")]
    [InlineData("GradientFilter = {|JIG0023:double.NaN|}")]
    [InlineData("GradientFilter = 0.005")]
    [InlineData("DistillationLayer = {|JIG0041:8|}")]
    [InlineData("CeTarget = {|JIG0025:(CeTarget)2|}")]
    [InlineData("CeTarget = CeTarget.Hard")]
    [InlineData("Truncate = {|JIG0042:true|}")]
    [InlineData("Truncate = false")]
    public void An_argument_of_the_recipe(string arguments) => Recipe("", arguments);

    [Fact]
    public void A_gradient_filter_without_a_cross_entropy_has_no_effect()
    {
        Assert.Equal(["JIG0044"], Compiling.Compiled.Of("using Jigsaw;\n[LossRecipe(GradientFilter = 0.01)]\n[LossTerm.DistillationL2Distance(1)]\n[LossTerm.StdLogRatio(1)]\npublic partial class Chat { }").Ids);
        Assert.Equal(["JIG0021", "JIG0044"], Compiling.Compiled.Of("using Jigsaw;\n[LossRecipe(GradientFilter = 0.01)]\n[LossTerm.DistillationL2Distance(1)]\n[LossTerm.CePerformance(0)]\n[LossTerm.StdLogRatio(1)]\npublic partial class Chat { }").Ids.Order());
    }

    [Fact]
    public void Integer_division_in_alpha_is_found() => Assert.Equal(["JIG0026", "JIG0047"], Compiling.Compiled.Of("using Jigsaw;\n[LossRecipe(Alpha = 1 / 2)]\n[LossTerm.CePerformance(1)]\n[LossTerm.StdLogRatio(1)]\npublic partial class Chat { }").Ids.Order());

    [Theory]
    [InlineData("[{|JIG0040:LossTerm.L2Performance|}(1)]", "")]
    [InlineData("[{|JIG0040:LossTerm.L2Protection|}(1, MaxLoss = 10)]", "")]
    [InlineData("[LossTerm.L2Performance({|JIG0021:0|})]", "")]
    [InlineData("[LossTerm.DistillationL2Distance(1)]", "")]
    [InlineData("[LossTerm.L2Performance(1)]", "DistillationLayer = {|JIG0024:-1|}")]
    [InlineData("[LossTerm.DistillationL2Distance(1)]", "DistillationLayer = 0")]
    public void A_layer_where_a_term_needs_one(string term, string arguments) => Recipe(term, arguments);

    [Fact]
    public void No_term_on_logits_goes_with_truncated_models() => Marked.Verify("""
        using Jigsaw;
        using TorchSharp;
        [LossRecipe(DistillationLayer = 2, Truncate = true)]
        [{|JIG0043:LossTerm.CePerformance|}(1)]
        [LossTerm.DistillationL2Distance(1)]
        [LossTerm.AbsoluteCosineSimilarity(1)]
        public partial class ChatRecipe
        {
            [LossTerm(1)]
            private static torch.Tensor Own(StudentNoisyLogits {|JIG0043:logits|}, StudentNoisyHidden hidden) => logits.Value.mean();
        }
        """);

    [Theory]
    [InlineData("private static torch.Tensor Own(StudentNoisyHidden {|JIG0040:h|}) => h;")]
    [InlineData("private static torch.Tensor Own(StudentNoisyLogits z, InputIds ids) => z;")]
    [InlineData("private torch.Tensor {|JIG0060:Own|}(TransformStds stds) => stds;")]
    [InlineData("private static {|JIG0061:torch.Tensor?|} Own(TransformStds stds) => stds.Value;")]
    [InlineData("private static {|JIG0061:void|} Own(TransformStds stds) { }")]
    [InlineData("private static {|JIG0061:System.Threading.Tasks.Task<torch.Tensor>|} Own(TransformStds stds) => throw null!;")]
    [InlineData("private static torch.Tensor Own(TransformStds? {|JIG0062:stds|}) => throw null!;")]
    [InlineData("private static torch.Tensor Own(Jigsaw.Batches.RowMask {|JIG0062:mask|}, int {|JIG0062:n|}) => throw null!;")]
    [InlineData("private static torch.Tensor Own(NoiseMask a, NoiseMask {|JIG0063:b|}, NoiseMask {|JIG0063:c|}) => throw null!;")]
    [InlineData("private static torch.Tensor Own(ref NoiseMask {|JIG0064:a|}, TransformStds {|JIG0064:b|} = default) => throw null!;")]
    [InlineData("private static torch.Tensor Own(params NoiseMask[] {|JIG0064:a|}) => throw null!;")]
    [InlineData("private static torch.Tensor {|JIG0065:Own|}<T>(TransformStds stds) => stds;")]
    [InlineData("[System.Obsolete] private static torch.Tensor {|JIG0065:Own|}(TransformStds stds) => stds;")]
    [InlineData("private static torch.Tensor {|JIG0065:Own|}(TransformStds stds) => stds; private static torch.Tensor Own(int x) => throw null!;")]
    [InlineData("private static torch.Tensor {|JIG0065:ToString|}(TransformStds stds) => stds;")]
    [InlineData("private static torch.Tensor {|JIG0011:Count|}(TransformStds stds) => stds;")]
    [InlineData("private static torch.Tensor {|JIG0011:CePerformance|}(TransformStds stds) => stds;")]
    [InlineData("private static torch.Tensor {|JIG0010:CompositeLoss|}(TransformStds stds) => stds;")]
    [InlineData("private static torch.Tensor {|JIG0010:JigsawCePerformanceLoss|}(TransformStds stds) => stds;")]
    [InlineData("private static torch.Tensor Own() => throw null!;")]
    [InlineData("private static partial torch.Tensor Own(TransformStds stds); private static partial torch.Tensor Own(TransformStds stds) => stds;")]
    public void A_term_of_ones_own(string method) => Marked.Verify($$"""
        using Jigsaw;
        using TorchSharp;
        [LossRecipe]
        [LossTerm.CePerformance(1)]
        [LossTerm.AbsoluteCosineSimilarity(1)]
        public partial class ChatRecipe
        {
            [LossTerm(1)]
            {{method}}
        }
        """);

    [Theory]
    [InlineData("[LossTerm(1, Mask = TokenMask.Attention | TokenMask.Noise)] private static torch.Tensor Own(StudentNoisyLogitRows z) => z;")]
    [InlineData("[LossTerm(1)] private static torch.Tensor Own(TeacherCleanLogitRows t, StudentCleanLogitRows z) => z;")]
    [InlineData("[LossTerm(1, Mask = {|JIG0025:TokenMask.None|})] private static torch.Tensor Own(StudentNoisyLogitRows z) => z;")]
    [InlineData("[LossTerm(1, {|JIG0069:Mask = TokenMask.Loss|})] private static torch.Tensor Own(StudentNoisyLogits z) => z;")]
    [InlineData("[LossTerm(1)] private static {|JIG0061:double|} Own(StudentNoisyLogitRows z) => 1;")]
    [InlineData("[LossTerm(1)] private static torch.Tensor {|JIG0068:Own|}(TeacherCleanLogitRows t) => t;")]
    [InlineData("[LossTerm(1)] private static torch.Tensor {|JIG0068:Own|}(TeacherCleanLogitRows t, InputIds {|JIG0066:ids|}) => t;")]
    [InlineData("[LossTerm(1)] private static torch.Tensor Own(StudentNoisyLogits {|JIG0066:z|}, StudentNoisyLogitRows rows, NoisyEmbeddings {|JIG0066:x|}, LossMask {|JIG0066:m|}) => rows;")]
    [InlineData("[LossTerm(1)] private static torch.Tensor Own(StudentNoisyLogitRows z, TeacherCleanLogitRows t, TeacherNoisyLogitRows {|JIG0067:y|}, StudentCleanLogitRows {|JIG0067:x|}) => z;")]
    [InlineData("[LossTerm(1)] private static torch.Tensor Own(StudentNoisyLogitRows z, StudentNoisyLogitRows {|JIG0063:y|}) => z;")]
    public void A_term_on_rows_of_logits(string method) => Marked.Verify($$"""
        using Jigsaw;
        using TorchSharp;
        [LossRecipe]
        [LossTerm.CePerformance(1)]
        [LossTerm.AbsoluteCosineSimilarity(1)]
        public partial class ChatRecipe
        {
            {{method}}
        }
        """);

    [Fact]
    public void A_term_on_rows_of_logits_in_a_truncated_recipe() => Marked.Verify("""
        using Jigsaw;
        using TorchSharp;
        [LossRecipe(DistillationLayer = 2, Truncate = true)]
        [LossTerm.L2Performance(1)]
        [LossTerm.AbsoluteCosineSimilarity(1)]
        public partial class ChatRecipe
        {
            [LossTerm(1)]
            private static torch.Tensor Own(StudentNoisyLogitRows {|JIG0043:z|}, TeacherCleanLogitRows {|JIG0043:t|}) => z;
        }
        """);

    [Theory]
    [InlineData("[LossTerm(1)] private static torch.Tensor Own(StudentNoisyLogitRows z, NoiseMask mask) => z;", "JIG0066: Parameter 'mask' is a 'NoiseMask', which is of the whole batch, but 'Own' reads rows of logits, a few tokens at a time in no particular order, so the two can't be matched; read only rows, or whole logits, such as StudentNoisyLogits")]
    [InlineData("[LossTerm(1)] private static torch.Tensor Own(StudentNoisyLogitRows z, StudentCleanLogitRows y) => z;", "JIG0067: Parameter 'y' is of a second pass, but 'Own' reads rows of logits, which are available for one pass at a time beside TeacherCleanLogitRows; read whole logits, StudentNoisyLogits and StudentCleanLogits")]
    [InlineData("[LossTerm(1)] private static torch.Tensor Own(TeacherCleanLogitRows t) => t;", "JIG0068: 'Own' reads only the teacher's logits on clean embeddings, a constant that nothing trains; add the rows of the pass to compare with, such as StudentNoisyLogitRows")]
    [InlineData("[LossTerm(1, Mask = TokenMask.Loss)] private static torch.Tensor Own(TransformStds s) => s;", "JIG0069: Mask of 'Own' names tokens to average over, but its method returns a scalar, which is averaged already; remove Mask and read LossMask, AttentionMask or NoiseMask in the method, or read rows of logits, such as StudentNoisyLogitRows")]
    [InlineData("[LossTerm(1)] private static double Own(StudentNoisyLogitRows z) => 1;", "JIG0061: 'Own' returns 'double'; return a TorchSharp 'Tensor' of a value for each row that is never null")]
    [InlineData("[LossTerm(1)] private static double Own(TransformStds s) => 1;", "JIG0061: 'Own' returns 'double'; return a scalar TorchSharp 'Tensor' that is never null")]
    public void What_is_said_of_a_custom_term(string method, string message)
    {
        var diagnostic = Assert.Single(Compiling.Compiled.Of($"using Jigsaw;\nusing TorchSharp;\n[LossRecipe]\n[LossTerm.CePerformance(1)]\npublic partial class ChatRecipe {{ {method} }}").Diagnostics);
        Assert.Equal(message, $"{diagnostic.Id}: {diagnostic.GetMessage(System.Globalization.CultureInfo.InvariantCulture)}");
    }

    [Fact]
    public void Custom_terms_with_the_same_key_or_declared_twice() => Marked.Verify("""
        using Jigsaw;
        using TorchSharp;
        [LossRecipe]
        [LossTerm.CePerformance(1)]
        [{|JIG0009:LossTerm.CePerformance|}(0.5)]
        public partial class ChatRecipe
        {
            [LossTerm(1)]
            private static torch.Tensor NoiseFloor(TransformStds stds) => stds;

            [LossTerm(1)]
            private static torch.Tensor {|JIG0010:noiseFloor|}(TransformStds stds) => stds;

            [LossTerm(1)]
            [{|JIG0009:LossTerm|}(2)]
            private static torch.Tensor Other(TransformStds stds) => stds;
        }
        """);

    [Theory]
    [InlineData("Key = \"rate_of_reply\"")]
    [InlineData("Key = {|JIG0012:\"\"|}")]
    [InlineData("Key = {|JIG0012:null|}")]
    [InlineData("Key = {|JIG0012:\"Rate\"|}")]
    [InlineData("Key = {|JIG0012:\"rate__of\"|}")]
    [InlineData("Key = {|JIG0012:\"rate_\"|}")]
    [InlineData("Key = {|JIG0012:\"2_rate\"|}")]
    [InlineData("Key = {|JIG0012:\"raté\"|}")]
    [InlineData("Key = {|JIG0010:\"composite_loss\"|}")]
    [InlineData("Key = {|JIG0010:\"information_rate\"|}")]
    [InlineData("Key = {|JIG0010:\"noise_floor\"|}", "noise_floor")]
    [InlineData("Key = {|JIG0011:\"count\"|}")]
    [InlineData("Key = {|JIG0011:\"ce_performance\"|}")]
    [InlineData("Key = Numbers.Name")]
    public void A_key_of_ones_own(string key, string noiseFloor = "Noise") => Marked.Verify($$"""
        using Jigsaw;
        public static class Numbers { public const string Name = "rate" + "_too"; }
        [LossRecipe]
        [LossTerm.CePerformance(1)]
        [LossTerm.MedianNorm(1, Key = "{{noiseFloor.ToLowerInvariant()}}")]
        [LossTerm.InformationRate(1)]
        [LossTerm.InformationRate(0.5, {{key}})]
        public partial class ChatRecipe { }
        """);

    [Fact]
    public void Names_that_keys_give_twice() => Marked.Verify("""
        using Jigsaw;
        [LossRecipe]
        [LossTerm.CePerformance(1, Key = "gaussian_mixture_mahalanobis_distance_loss")]
        [{|JIG0010:LossTerm.MutualInformation|}(1)]
        [LossTerm.MutualInformation(1, Key = "mutual_information_in_reply")]
        [LossTerm.CeProtection(1, MaxLoss = 10)]
        [LossTerm.CeProtection(1, MaxLoss = 10, Key = {|JIG0010:"jigsaw_ce_protection"|})]
        [LossTerm.StdLogRatio(1, Key = "a_b1")]
        [LossTerm.MedianNorm(1, Key = {|JIG0011:"a_b_1"|})]
        public partial class ChatRecipe { }
        """);

    [Theory]
    [InlineData("[LossTerm.CePerformance(2)]", "JIG0009: 'CePerformance' is declared twice in 'ChatRecipe'; remove one of the two, or give it its own Key")]
    [InlineData("[LossTerm.MedianNorm(2, Key = \"Norm\")]", "JIG0012: Key of 'MedianNorm' is \"Norm\", which can't name a component and its hyperparameters; use small letters, digits and single underscores, such as \"median_norm_2\"")]
    [InlineData("[LossTerm.MedianNorm(2, Key = \"std_log_ratio_loss\")]", "JIG0010: The component key of 'MedianNorm' is 'std_log_ratio_loss', which is already the key of another component; use another Key")]
    [InlineData("[LossTerm.CeProtection(2, MaxLoss = 1)][LossTerm.CeProtection(2, MaxLoss = 1, Key = \"jigsaw_ce_protection\")]", "JIG0010: The component key of 'CeProtection' is 'jigsaw_ce_protection', which names the hyperparameter 'jigsaw_ce_protection_max_loss' of another term; use another Key")]
    public void What_is_said_of_a_key(string term, string message)
    {
        var diagnostic = Assert.Single(Compiling.Compiled.Of($"using Jigsaw;\n[LossRecipe]\n[LossTerm.CePerformance(1)]\n[LossTerm.StdLogRatio(1)]\n{term}\npublic partial class ChatRecipe {{ }}").Diagnostics);
        Assert.Equal(message, $"{diagnostic.Id}: {diagnostic.GetMessage(System.Globalization.CultureInfo.InvariantCulture)}");
    }

    [Fact]
    public void A_term_on_what_is_no_method() => Marked.Verify("""
        using Jigsaw;
        using TorchSharp;
        [LossRecipe]
        [LossTerm.CePerformance(1)]
        public partial class ChatRecipe
        {
            public static torch.Tensor Property { [LossTerm(1)] {|JIG0065:get|} => throw null!; }

            public static void Method()
            {
                [LossTerm(1)] static torch.Tensor {|JIG0065:Local|}() => throw null!;
                Local();
            }
        }
        """);

    [Theory]
    [InlineData("public static int {|JIG0005:Plan|} => 1;")]
    [InlineData("public static void {|JIG0005:Bind|}(int x) { }")]
    [InlineData("public class {|JIG0005:Components|} { }")]
    [InlineData("private const int {|JIG0005:Hyperparameters|} = 1;")]
    [InlineData("public static int Kernels => 1;")]
    public void A_member_with_a_generated_name(string member) => Marked.Verify($$"""
        using Jigsaw;
        [LossRecipe]
        [LossTerm.CePerformance(1)]
        [LossTerm.AbsoluteCosineSimilarity(1)]
        public partial class ChatRecipe
        {
            {{member}}
        }
        """);

    [Fact]
    public void A_generated_name_in_a_base_class_a_type_parameter_or_of_the_recipe_itself() => Marked.Verify("""
        using Jigsaw;
        public class Base { public static int Plan => 1; }
        [LossRecipe]
        [LossTerm.CePerformance(1)]
        [LossTerm.AbsoluteCosineSimilarity(1)]
        public partial class {|JIG0005:ChatRecipe|} : Base { }
        [LossRecipe]
        [LossTerm.CePerformance(1)]
        [LossTerm.AbsoluteCosineSimilarity(1)]
        public partial class Generic<{|JIG0005:Bind|}> { }
        [LossRecipe]
        [LossTerm.CePerformance(1)]
        [LossTerm.AbsoluteCosineSimilarity(1)]
        public partial class {|JIG0005:Defaults|} { }
        """);

    [Fact]
    public void The_part_that_is_not_partial_is_marked()
    {
        var compiled = Compiling.Compiled.Of(
            "using Jigsaw;\n[LossRecipe]\n[LossTerm.CePerformance(1)]\n[LossTerm.AbsoluteCosineSimilarity(1)]\npublic partial class ChatRecipe { }",
            "public class ChatRecipe { }");

        Assert.Equal("File1.cs", Assert.Single(compiled.Diagnostics.Where(diagnostic => diagnostic.Id == "JIG0001")).Location.GetLineSpan().Path);
    }

    [Fact]
    public void A_name_of_a_base_class_says_whose_it_is()
    {
        var diagnostic = Assert.Single(Compiling.Compiled.Of("using Jigsaw;\npublic class Base { public static int Plan => 1; }\n[LossRecipe]\n[LossTerm.CePerformance(1)]\n[LossTerm.AbsoluteCosineSimilarity(1)]\npublic partial class ChatRecipe : Base { }").Diagnostics);

        Assert.Equal("'Plan', which 'Base' declares, has the name of a member that Jigsaw generates into the recipe 'ChatRecipe'; rename it there", diagnostic.GetMessage(System.Globalization.CultureInfo.InvariantCulture));
    }

    [Theory]
    [InlineData("private static NoiseFloor(TransformStds s) => throw null!;")]
    [InlineData("private static torch.Tensor (TransformStds s) => throw null!;")]
    [InlineData("private static torch.Tensor")]
    [InlineData("public partial class { }")]
    [InlineData("public partial class R<T, > { }")]
    public void Half_typed_code_gets_errors_of_CSharp_where_it_is_typed_alone(string member)
    {
        var compiled = Compiling.Compiled.Of($"using Jigsaw;\nusing TorchSharp;\n[LossRecipe]\n[LossTerm.CePerformance(1)]\npublic partial class ChatRecipe {{ [LossTerm(1)] {member} }}",
            $"using Jigsaw;\n[LossRecipe]\n[LossTerm.CePerformance(1)]\n[LossTerm.AbsoluteCosineSimilarity(1)]\n{(member.Contains("class", StringComparison.Ordinal) ? member : "")}");

        Assert.Contains(compiled.Diagnostics, diagnostic => diagnostic.Id.StartsWith("CS", StringComparison.Ordinal));
        Assert.All(compiled.Diagnostics, diagnostic => Assert.StartsWith("File", diagnostic.Location.GetLineSpan().Path, StringComparison.Ordinal));
    }

    [Fact]
    public void Types_around_a_recipe_that_are_not_partial() => Marked.Verify("""
        using Jigsaw;
        public class {|JIG0001:Outer|}
        {
            public partial struct Between
            {
                [LossRecipe]
                [LossTerm.CePerformance(1)]
                [LossTerm.AbsoluteCosineSimilarity(1)]
                public class {|JIG0001:ChatRecipe|} { }
            }
        }
        """);

    [Fact]
    public void Terms_without_a_recipe() => Marked.Verify("""
        using Jigsaw;
        using TorchSharp;
        using Terms = Jigsaw.LossTerm;
        [{|JIG0002:LossTerm.CePerformance|}(1)]
        [LossTerm.AbsoluteCosineSimilarity(1)]
        public partial class First { }
        public static class Second
        {
            [{|JIG0002:LossTerm|}(1)]
            private static torch.Tensor Own(TransformStds stds) => stds;
        }
        [{|JIG0002:Terms.CePerformance|}(1)]
        public class Third { }
        """);

    [Fact]
    public void A_recipe_in_several_parts_is_one() => Marked.Verify(
        """
        using Jigsaw;
        [LossRecipe(DistillationLayer = 2)]
        [LossTerm.CePerformance(1)]
        public partial class ChatRecipe { }
        """,
        """
        using Jigsaw;
        using TorchSharp;
        [LossTerm.AbsoluteCosineSimilarity({|JIG0020:-1|})]
        [{|JIG0009:LossTerm.CePerformance|}(1)]
        public partial class ChatRecipe
        {
            [LossTerm(1)]
            private static torch.Tensor Own(StudentNoisyHidden hidden) => hidden;
        }
        """);

    [Theory]
    [InlineData("class ChatRecipe")]
    [InlineData("static partial class ChatRecipe", true)]
    [InlineData("sealed partial class ChatRecipe<T> where T : class", true)]
    [InlineData("abstract partial class ChatRecipe", true)]
    [InlineData("partial record ChatRecipe(int X)", true)]
    [InlineData("partial struct ChatRecipe", true)]
    [InlineData("readonly partial record struct ChatRecipe", true)]
    public void Every_kind_of_type_can_be_a_recipe(string declaration, bool isRight = false)
    {
        var name = isRight ? declaration : declaration.Replace("ChatRecipe", "{|JIG0001:ChatRecipe|}", StringComparison.Ordinal);
        Marked.Verify($"using Jigsaw;\nnamespace A {{ public static partial class Outer<U> {{\n[LossRecipe]\n[LossTerm.CePerformance(1)]\n[LossTerm.AbsoluteCosineSimilarity(1)]\npublic {name} {{ }}\n}} }}");
    }

    [Theory]
    [InlineData("[LossTerm.CePerformance(1)]", "JIG0049")]
    [InlineData("[LossTerm.StdLogRatio(1)]", "JIG0048")]
    [InlineData("[LossTerm.MedianNorm(1)]", "JIG0048 JIG0049")]
    [InlineData("[LossTerm.DistillationCosineDistance(1)][LossTerm.InputEmbeddingSimilarity(1)]", "")]
    [InlineData("[LossTerm.CePerformance(1, Every = 2)][LossTerm.StdLogRatio(1, Every = 3)]", "JIG0051")]
    [InlineData("[LossTerm.CePerformance(1, Every = 2)][LossTerm.StdLogRatio(1, Every = 1)]", "")]
    [InlineData("[LossTerm.CePerformance(1, Every = 2)][LossTerm.StdLogRatio(1, Every = 3)][LossTerm.MedianNorm(0)]", "JIG0021 JIG0051")]
    [InlineData("[LossTerm.CePerformance(1)][LossTerm.InformationRate(1, Repeats = 0)]", "JIG0028")]
    [InlineData("", "JIG0003")]
    [InlineData("[LossTerm.CePerformance(0)]", "JIG0003 JIG0021")]
    public void What_a_recipe_is_for(string terms, string ids)
    {
        Assert.Equal(ids, string.Join(' ', Compiling.Compiled.Of($"using Jigsaw;\n[LossRecipe]\n{terms}\npublic partial class ChatRecipe {{ }}").Ids.Order(StringComparer.Ordinal)));
    }

    [Fact]
    public void A_recipe_with_errors_still_declares_what_call_sites_name() => Marked.Verify("""
        using Jigsaw;
        using Jigsaw.Batches;
        using Jigsaw.Steps;
        using TorchSharp;
        [LossRecipe]
        [LossTerm.CePerformance({|JIG0020:-1|})]
        [LossTerm.CeProtection(1, MaxLoss = 10)]
        [{|JIG0040:LossTerm.L2Performance|}(1)]
        public partial class ChatRecipe
        {
            [LossTerm(1)]
            private static torch.Tensor Own(int {|JIG0062:x|}) => throw null!;
        }
        public static class Program
        {
            public static void Run(NoisyTeacher teacher, NoisyStudent student)
            {
                var (loss, components, hyperparameters) = ChatRecipe.Bind(teacher, student, ChatRecipe.Defaults with { CePerformanceWeight = 1, CeProtectionMaxLoss = 5, OwnWeight = 2, L2PerformanceWeight = 1 });
                loss(RowMask.FromTensor(torch.ones(1))).backward();
                System.Console.WriteLine((ChatRecipe.Plan, components().CeProtection, components().L2Performance, components().Own, hyperparameters().OwnWeight, ChatRecipe.Hyperparameters.Read("x")));
            }
        }
        """);

    private static void Recipe(string term, string arguments = "") => Marked.Verify($$"""
        using Jigsaw;
        public static class Numbers { public const double Negative = -2; public const double Zero = 0; public const double Quarter = 0.25; public const int Four = 4; public const double OneAndAHalf = 3 / 2; public const double Chained = 1 + OneAndAHalf; }
        [LossRecipe({{arguments}})]
        [LossTerm.CePerformance(1)]
        [LossTerm.AbsoluteCosineSimilarity(1)]
        {{term}}
        public partial class ChatRecipe { }
        """);
}
