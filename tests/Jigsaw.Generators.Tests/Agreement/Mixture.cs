extern alias dsl;

using System.Globalization;
using Jigsaw.Compatibility;

namespace Jigsaw.Generators.Tests.Agreement;

/// <summary>A mixture of terms that a factory can say, as the source of a recipe and as the factory's program.</summary>
internal sealed record Mixture(string Name, string Source, LossProgram Program)
{
    private static readonly string[] _sgt = ["CePerformance", "CeProtection", "CleanEmbeddingsGuardrails", "L2Performance", "L2Protection", "MutualInformation", "MedianNorm", "AbsoluteCosineSimilarity"];

    private static readonly string[] _older =
        ["StdLogRatio", "InputEmbeddingSimilarity", "DistillationCosineDistance", "DistillationL2Distance", "DistillationProtectionL2", "CleanEmbeddingPerformance", "InverseL2PowerLaw"];

    /// <summary>Every mixture of the newer factory; options vary with the mixture.</summary>
    public static IEnumerable<Mixture> OfTheNewerFactory()
    {
        for (var bits = 1; bits < 1 << _sgt.Length; bits++)
        {
            double Weight(string term) => (bits & (1 << Array.IndexOf(_sgt, term))) != 0 ? 0.1 * (1 + Array.IndexOf(_sgt, term)) : 0;
            var (capped, combined, hard) = (bits % 3 != 0, bits % 5 != 0, bits % 7 > 3);
            int? layer = Weight("L2Performance") + Weight("L2Protection") > 0 || bits % 2 == 0 ? 0 : null;
            var program = JigsawLosses.JigsawSgtProgram(
                Weight("AbsoluteCosineSimilarity"),
                Weight("CePerformance"),
                Weight("CeProtection"),
                capped ? 2.5 : null,
                capped ? 0.75 : 1,
                Weight("MutualInformation"),
                Weight("MedianNorm"),
                Weight("CleanEmbeddingsGuardrails"),
                layer,
                Weight("L2Performance"),
                Weight("L2Protection"),
                combined,
                hard ? dsl::Jigsaw.CeTarget.Hard : dsl::Jigsaw.CeTarget.Soft).Program;
            var terms = _sgt.Where(term => Weight(term) > 0).Reverse().Select(term => term switch
            {
                "CeProtection" when capped => Written(term, Weight(term), "MaxLoss = 2.5, ScalingFactor = 0.75"),
                "MutualInformation" when !combined => Written(term, Weight(term), "CombineNoiseMasks = false"),
                _ => Written(term, Weight(term)),
            });
            var arguments = new List<string>();
            arguments.AddRange(layer is null ? [] : ["DistillationLayer = 0"]);
            arguments.AddRange(hard ? ["CeTarget = CeTarget.Hard"] : []);
            yield return new Mixture($"Sgt{bits}", Recipe($"Sgt{bits}", arguments, terms), program);
        }
    }

    /// <summary>Every mixture of the older factory; alpha, layer and options vary with the mixture.</summary>
    public static IEnumerable<Mixture> OfTheOlderFactory()
    {
        for (var bits = 1; bits < 1 << _older.Length; bits++)
        {
            double Weight(string term) => (bits & (1 << Array.IndexOf(_older, term))) != 0 ? 0.15 * (1 + Array.IndexOf(_older, term)) : 0;
            double? alpha = (bits % 4) switch { 0 => null, 1 => 0.3, 2 => 0, _ => 1 };
            int? layer = bits % 3 == 0 ? null : 0;
            var applied = bits % 5 != 0;
            var program = JigsawLosses.JigsawProgram(
                layer,
                alpha,
                Weight("StdLogRatio"),
                Weight("InputEmbeddingSimilarity"),
                Weight("DistillationCosineDistance"),
                Weight("DistillationL2Distance"),
                Weight("DistillationProtectionL2"),
                applied,
                Weight("CleanEmbeddingPerformance"),
                Weight("InverseL2PowerLaw"),
                0.7,
                1.3).Program;
            var terms = _older.Where(term => Weight(term) > 0).Reverse().Select(term => term switch
            {
                "DistillationProtectionL2" when !applied => Written(term, Weight(term), "ApplyLossMask = false"),
                "InverseL2PowerLaw" => Written(term, Weight(term), "CharacteristicLength = 0.7, ExponentOfDecay = 1.3"),
                _ => Written(term, Weight(term)),
            });
            var arguments = new List<string>();
            arguments.AddRange(layer is null ? [] : ["DistillationLayer = 0"]);
            arguments.AddRange(alpha is { } share ? [$"Alpha = {share.ToString(CultureInfo.InvariantCulture)}"] : []);
            yield return new Mixture($"Older{bits}", Recipe($"Older{bits}", arguments, terms), program);
        }
    }

    /// <summary>Mixtures that no factory can say: the same term under several keys, with ramps of each kind, and on some steps.</summary>
    public static IEnumerable<Mixture> OfKeysAndSteps()
    {
        (Type Attribute, (string Name, object Value)[] Arguments)[] terms =
        [
            (typeof(dsl::Jigsaw.LossTerm.CePerformanceAttribute), []),
            (typeof(dsl::Jigsaw.LossTerm.CePerformanceAttribute), [("Key", "performance_of_noise"), ("Mask", dsl::Jigsaw.TokenMask.Noise), ("Every", 2)]),
            (typeof(dsl::Jigsaw.LossTerm.CeProtectionAttribute), [("MaxLoss", 2.5), ("Every", 4)]),
            (typeof(dsl::Jigsaw.LossTerm.CeProtectionAttribute), [("Key", "protection"), ("MaxLoss", 1.5), ("ScalingFactor", 0.5), ("RampSteps", 6)]),
            (typeof(dsl::Jigsaw.LossTerm.L2PerformanceAttribute), [("Every", 3)]),
            (typeof(dsl::Jigsaw.LossTerm.L2PerformanceAttribute), [("Key", "performance_at_layer"), ("Mask", dsl::Jigsaw.TokenMask.Attention)]),
            (typeof(dsl::Jigsaw.LossTerm.MutualInformationAttribute), [("Every", 2)]),
            (typeof(dsl::Jigsaw.LossTerm.MutualInformationAttribute), [("Key", "information_apart"), ("CombineNoiseMasks", false)]),
            (typeof(dsl::Jigsaw.LossTerm.InverseL2PowerLawAttribute), [("CharacteristicLength", 0.3)]),
            (typeof(dsl::Jigsaw.LossTerm.InverseL2PowerLawAttribute), [("Key", "far"), ("CharacteristicLength", 3.0), ("Ramp", dsl::Jigsaw.Ramp.Geometric), ("RampStart", 0.01), ("RampStartFrom", 1), ("RampFrom", 2), ("RampSteps", 5)]),
            (typeof(dsl::Jigsaw.LossTerm.AbsoluteCosineSimilarityAttribute), [("Every", 2), ("Ramp", dsl::Jigsaw.Ramp.Cosine), ("RampSteps", 5)]),
            (typeof(dsl::Jigsaw.LossTerm.InformationRateAttribute), []),
            (typeof(dsl::Jigsaw.LossTerm.InformationRateAttribute), [("Key", "rate_of_its_own"), ("Mask", dsl::Jigsaw.TokenMask.Loss), ("OwnPrior", true)]),
            (typeof(dsl::Jigsaw.LossTerm.InformationRateAttribute), [("Key", "rate_of_four"), ("Repeats", 4), ("Every", 4), ("Weighting", dsl::Jigsaw.TokenWeighting.Surprisal), ("Ramp", dsl::Jigsaw.Ramp.Geometric), ("RampStart", 0.5), ("RampSteps", 20)]),
        ];
        foreach (var (name, alpha) in new (string, double?)[] { ("Keys", null), ("KeysUnderAlpha", 0.4) })
        {
            double Weight(int i) => 0.05 * (i + 1);
            var program = new LossProgram(ReflectedRecipe.Of(0, alpha, dsl::Jigsaw.CeTarget.Soft, terms.Select((term, i) => ReflectedRecipe.Term(term.Attribute, Weight(i), [.. term.Arguments.Select(argument => (argument.Name, (object?)argument.Value))]))));
            var arguments = new List<string> { "DistillationLayer = 0" };
            arguments.AddRange(alpha is { } share ? [$"Alpha = {share.ToString(CultureInfo.InvariantCulture)}"] : []);
            yield return new Mixture(name, Recipe(name, arguments, terms.Select((term, i) => Written(term.Attribute.Name[..^"Attribute".Length], Weight(i), string.Join(", ", term.Arguments.Select(argument => $"{argument.Name} = {Literal(argument.Value)}"))))), program);
        }
    }

    private static string Literal(object value) => value switch
    {
        string text => $"\"{text}\"",
        bool truth => truth ? "true" : "false",
        Enum choice => $"{choice.GetType().Name}.{choice}",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };

    private static string Written(string term, double weight, string more = "") =>
        $"[LossTerm.{term}({weight.ToString("R", CultureInfo.InvariantCulture)}{(more.Length > 0 ? ", " : "")}{more})]";

    private static string Recipe(string name, IReadOnlyList<string> arguments, IEnumerable<string> terms) =>
        $"[LossRecipe({string.Join(", ", arguments)})]\n{string.Join('\n', terms)}\npublic partial class {name} {{ }}\n";
}
