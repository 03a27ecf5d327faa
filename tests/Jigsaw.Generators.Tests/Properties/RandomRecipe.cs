using System.Globalization;
using System.Text;
using Microsoft.CodeAnalysis.CSharp;

namespace Jigsaw.Generators.Tests.Properties;

/// <summary>Writes recipes at random, right ones and wrong ones, over the grammar of what may stand in and around them.</summary>
internal sealed class RandomRecipe
{
    private static readonly string[] _names =
    [
        "Chat", "chat", "@class", "@record", "@var", "@dynamic", "@file", "@field", "@async", "@await", "@nameof", "@global", "@partial", "@required", "@scoped", "@value", "@where", "Ünï", "шум", "项",
        "_", "__", "_x", "X", "a", "step", "numbers", "head", "lossMask", "logits", "composite", "components", "similarity", "strength", "rows", "teacher", "Teacher", "value", "Kernels", "LogitTerms", "Jigsaw", "System", "TorchSharp", "torch", "Tensor", "Losses",
        "Plan", "Defaults", "Bind", "Compute", "Components", "Hyperparameters", "Equals", "ToString", "GetType", "Count", "Keys", "Item", "Read", "CompositeLoss", "CePerformance", "cePerformance", "CePerformanceWeight",
        "JigsawCePerformanceLoss", "NoiseFloor", "noiseFloor", "KLTerm", "L2", "Checked", "Number", "Set", "ReadFrom", "s_table", "Alpha", "Pass", "LossPlan", "MutualInformation", "Noise\\u0041", "Finalize", "Dispose", "MemberwiseClone", "s_keys",
    ];

    private static readonly string[] _activations =
    [
        "CleanEmbeddings", "NoisyEmbeddings", "TransformMeans", "TransformStds", "AttentionMask", "LossMask", "NoiseMask", "InputIds",
        "TeacherCleanHidden", "TeacherNoisyHidden", "StudentNoisyHidden", "StudentCleanHidden", "TeacherCleanLogits", "TeacherNoisyLogits", "StudentNoisyLogits", "StudentCleanLogits",
    ];

    private static readonly string[] _rows = ["TeacherNoisyLogitRows", "StudentNoisyLogitRows", "StudentCleanLogitRows"];

    private static readonly (string Name, string[] Properties)[] _terms =
        [.. typeof(LossTerm).GetNestedTypes().Select(type => (type.Name[..^"Attribute".Length], type.GetProperties().Where(property => property.CanWrite).Select(property => property.Name).ToArray()))];

    private readonly Random _random;
    private readonly bool _isRight;
    private readonly bool _isHalfTyped;

    public RandomRecipe(Random random)
    {
        _random = random;
        _isRight = random.Next(3) > 0;
        _isHalfTyped = random.Next(4) == 0;
    }

    /// <summary>One recipe, as parts that go into files of their own.</summary>
    /// <param name="index">What makes its namespace its own.</param>
    public IReadOnlyList<string> Write(int index)
    {
        var depth = _random.Next(10) switch { < 5 => 0, < 8 => 1, < 9 => 2, _ => 6 };
        var space = $"{Pick("Shop", "Jigsaw", "@namespace", "System", "Tëst")}.R{index}";
        var containers = Enumerable.Range(0, depth).Select(i => (Keyword: Pick("class", "static class", "struct", "record", "interface", "record struct"), Name: $"{TypeName()}{i}{Generic(i)}")).ToList();
        var inherits = Chance(40);
        var keyword = Pick("class", "class", "class", "static class", "sealed class", "abstract class", "record", "struct", "record struct", "readonly struct");
        var recipe = TypeName() + (depth > 2 ? "R" : "") + Generic(9);
        if (!keyword.StartsWith("static", StringComparison.Ordinal) && !keyword.Contains("struct", StringComparison.Ordinal) && Chance(15))
        {
            recipe += $" : Base{index}";
        }

        var parts = new List<string>();
        var partCount = Chance(25) ? 2 : 1;
        var attributes = Attributes();
        var nested = TypeName();
        var shares = Chance(35);
        for (var count = shares ? _random.Next(1, 3) : 0; count > 0; count--)
        {
            attributes.Insert(_random.Next(attributes.Count + 1), $"[{Name("LossTerms")}({Shared(index, nested, recipe)})]");
        }

        var split = partCount == 1 ? attributes.Count : _random.Next(attributes.Count + 1);
        for (var part = 0; part < partCount; part++)
        {
            var text = new StringBuilder();
            text.Append("using Jigsaw;\nusing TorchSharp;\n");
            text.Append(Pick("", "", "#nullable disable\n", "#nullable enable\n", "#pragma warning disable\n"));
            text.Append(CultureInfo.InvariantCulture, $"namespace {space}\n{{\n");
            if (part == 0)
            {
                text.Append(CultureInfo.InvariantCulture, $"public record RBase{index};\npublic {(recipe.Contains(" : ", StringComparison.Ordinal) && keyword == "record" ? "record" : "class")} Base{index} {{ {(Chance(20) ? "public static int Plan => 1;" : "")} {(Chance(40) ? CustomTerm("protected static") : "")} }}\n");
                if (shares)
                {
                    text.Append(CultureInfo.InvariantCulture, $"{SharedClasses(index, nested)}\n");
                }

                text.Append(CultureInfo.InvariantCulture, $"public class Around{index} {{ public static int {Pick(_names)} => 1; protected class Inner {{ }} }}\n");
            }

            foreach (var (containerKeyword, name) in containers)
            {
                text.Append(CultureInfo.InvariantCulture, $"{Modified(containerKeyword, _isRight || Chance(90) ? "partial " : "")} {name}{(inherits && containerKeyword == "class" ? $" : Around{index}" : "")}\n{{\n");
            }

            foreach (var attribute in part == 0 ? attributes.Take(split) : attributes.Skip(split))
            {
                text.Append(CultureInfo.InvariantCulture, $"{attribute}\n");
            }

            var head = part == 0 ? recipe : recipe.Split(" : ")[0];
            text.Append(CultureInfo.InvariantCulture, $"{(_isRight || Chance(97) ? "" : "file ")}{Modified(keyword, _isRight || Chance(92) ? "partial " : "")} {head}\n{{\n");
            if (part == 0)
            {
                foreach (var member in Members(recipe, keyword))
                {
                    text.Append(CultureInfo.InvariantCulture, $"{member}\n");
                }
            }

            text.Append('}', containers.Count + 2).Append('\n');
            parts.Add(_isHalfTyped ? HalfTyped(text.ToString()) : text.ToString());
        }

        return parts;
    }

    /// <summary>The text without a run of its tokens, as while it is typed or after a part of it was cut.</summary>
    private string HalfTyped(string text)
    {
        var tokens = CSharpSyntaxTree.ParseText(text).GetRoot().DescendantTokens().ToList();
        var start = _random.Next(tokens.Count);
        var end = Math.Min(tokens.Count - 1, start + (Chance(70) ? _random.Next(4) : _random.Next(30)));
        return text.Remove(tokens[start].SpanStart, tokens[end].Span.End - tokens[start].SpanStart);
    }

    private static string Modified(string keyword, string partial) =>
        keyword.LastIndexOf(' ') is var at && at >= 0 && !keyword.StartsWith("record", StringComparison.Ordinal) ? keyword[..(at + 1)] + partial + keyword[(at + 1)..] : partial + keyword;

    private List<string> Attributes()
    {
        var attributes = new List<string> { $"[{Name("LossRecipe")}{RecipeArguments()}]" };
        var count = _random.Next(0, 7);
        var terms = _terms.OrderBy(_ => _random.Next()).Take(count).ToList();
        if (count > 0 && Chance(15))
        {
            terms.Add(terms[0]);
        }

        foreach (var (name, properties) in terms)
        {
            var written = properties.Where(_ => Chance(25)).Select(property => $"{property} = {Value(property)}");
            var prefix = _random.Next(4) switch { 0 => "global::Jigsaw.LossTerm.", _ => "LossTerm." };
            var weight = Chance(10) ? "weight: " + Weight() : Weight();
            attributes.Add($"[{prefix}{name}{(Chance(10) ? "Attribute" : "")}({string.Join(", ", written.Prepend(weight))})]");
        }

        if (Chance(10))
        {
            attributes.Insert(_random.Next(attributes.Count + 1), "#if EXTRA\n[LossTerm.MedianNorm(3)]\n#endif");
        }

        return attributes;
    }

    private string RecipeArguments()
    {
        var arguments = new List<string>();
        if (Chance(70))
        {
            arguments.Add("DistillationLayer = " + (_isRight ? "3" : Pick("0", "8", "-1", "int.MaxValue", "(int)2.5", "1 / 2")));
        }

        if (Chance(25))
        {
            arguments.Add("Alpha = " + (_isRight ? "0.3" : Pick("0", "1", "0.5", "-0.1", "double.NaN", "1 / 2", "\"x\"")));
        }

        if (Chance(20))
        {
            arguments.Add("CeTarget = " + (_isRight ? "CeTarget.Hard" : Pick("CeTarget.Hard", "(CeTarget)7")));
        }

        if (Chance(10))
        {
            arguments.Add("Truncate = " + Pick("true", "false"));
        }

        return arguments.Count == 0 ? Pick("", "()") : $"({string.Join(", ", arguments)})";
    }

    private string Weight() => _isRight
        ? Pick("1", "0.5", "1e-3", "(float)0.1", "0.1 + 0.2", "1e22", "double.Epsilon * 1e300", "2 * 3", "'a'")
        : Pick("1", "0", "-0.0", "-1", "double.NaN", "double.PositiveInfinity", "1 / 4", "1e-300", "1e300", "double.MaxValue", "\"x\"", "null", "Missing.Value", "1 / 0", "");

    private string Value(string property) => property switch
    {
        "Key" => _isRight ? $"\"key_{_random.Next(1000)}\"" : Pick("\"\"", "null", "\"Key\"", "\"a_b\"", "\"ab_\"", "\"count\"", "\"noise_floor\"", "\"gaussian_mixture_mahalanobis_distance_loss\"", "\"jigsaw_ce_protection\"", "\"while\"", "nameof(System)", "Missing.Key"),
        "Mask" => _isRight ? Pick("TokenMask.Loss", "TokenMask.Noise | TokenMask.Attention") : Pick("TokenMask.None", "(TokenMask)9", "TokenMask.Loss", "0"),
        "Ramp" => _isRight ? Pick("Ramp.Linear", "Ramp.Cosine", "Ramp.Geometric") : Pick("Ramp.Cosine", "Ramp.Geometric", "(Ramp)5"),
        "Weighting" => _isRight ? Pick("TokenWeighting.Uniform", "TokenWeighting.Surprisal") : Pick("TokenWeighting.Surprisal", "(TokenWeighting)3"),
        "Every" => _isRight ? Pick("1", "4") : Pick("0", "-1", "2", "int.MaxValue", "(int)2.5"),
        "RampFrom" or "RampSteps" or "RampStartFrom" => _isRight ? Pick("1", "500") : Pick("0", "-1", "10", "int.MaxValue"),
        "ApplyLossMask" or "CombineNoiseMasks" => Pick("true", "false"),
        _ => _isRight ? Pick("10", "0.5", "1e-3") : Pick("0", "-1", "double.NaN", "1e400", "10", "1 / 3", "double.NegativeInfinity"),
    };

    private string Shared(int index, string nested, string recipe) => _isRight
        ? $"typeof({Pick($"Shared{index}", $"Shared{index}.{nested}", $"Generic{index}<int>", $"Generic{index}<({nested}{index}, string[])>", $"Generic{index}<{nested}{index}>.Inner", $"Derived{index}")})"
        : Pick($"typeof(Shared{index})", $"typeof(Shared{index}.{nested})", $"typeof(Generic{index}<>)", $"typeof(Generic{index}<>.Inner)", $"typeof(Generic{index}<Missing>)", $"typeof(Generic{index}<dynamic>)", $"typeof(Local{index})", $"typeof(Generic{index}<Local{index}>)",
            $"typeof({recipe.Split([' ', '<'])[0]})", $"typeof(Base{index})", "typeof(int[])", "typeof(int)", "typeof(void)", "typeof(T)", "null", "default", "typeof(Missing)", "", "1", $"terms: typeof(Old{index})", $"typeof(Enum{index})", $"nameof(Shared{index})", $"typeof(IShared{index})");

    /// <summary>Classes of terms that the recipe may share.</summary>
    private string SharedClasses(int index, string nested)
    {
        var access = _isRight ? "internal static" : Pick("internal static", "static", "public static", "protected static", "private static", "public");
        return $$"""
            {{(_isRight ? "internal static" : Pick("public static", "internal", "public abstract", "static partial"))}} class Shared{{index}}
            {
            {{CustomTerm(access)}}
            {{(Chance(30) ? CustomTerm(access) : "")}}
            internal static class {{nested}} { {{CustomTerm(access)}} {{(Chance(20) ? $"extension(int x)\n{{\n{CustomTerm(access)}\n}}" : "")}} }
            }
            internal struct {{nested}}{{index}} { }
            internal static class Generic{{index}}<T> { {{CustomTerm(access)}} internal static class Inner { {{CustomTerm(access)}} } }
            internal class Root{{index}} { {{CustomTerm(access)}} }
            internal class Derived{{index}} : Root{{index}} { {{(Chance(50) ? CustomTerm(access) : "")}} }
            internal enum Enum{{index}} { One }
            internal interface IShared{{index}} { {{(_isRight ? "" : CustomTerm(Pick("static", "static abstract", "static virtual", "public static")))}} }
            {{(_isRight ? "" : $"file static class Local{index} {{ {CustomTerm(access)} }}\n[System.Obsolete] static class Old{index} {{ {CustomTerm(access)} }}")}}
            """;
    }

    private IEnumerable<string> Members(string recipe, string keyword)
    {
        if (Chance(20))
        {
            yield return Pick(
                "public static readonly Hyperparameters Tuned = Defaults with { };",
                "public static readonly object Planned = Plan;",
                "public static Hyperparameters Tuned { get; } = new Hyperparameters { };",
                "private static readonly double s_first = Defaults.GetHashCode();");
        }

        if (keyword == "static class" && Chance(20))
        {
            yield return $"extension(int x)\n{{\n{CustomTerm()}\n}}";
        }

        var count = _random.Next(3);
        for (var i = 0; i < count; i++)
        {
            yield return CustomTerm();
        }

        if (Chance(15))
        {
            var name = Pick(_names);
            yield return Pick($"public const int {name} = 1;", $"public class {name} {{ }}", $"public static void {name}() {{ }}", $"public static int {name} => 1;", $"private enum {name} {{ One }}", $"public static void {name}(int x) {{ }}");
        }
    }

    private string CustomTerm(string? access = null)
    {
        var returns = _isRight ? "torch.Tensor" : Pick("torch.Tensor", "torch.Tensor", "double", "void", "torch.Tensor?", "System.Threading.Tasks.Task<torch.Tensor>", "dynamic", "Nowhere", "(torch.Tensor, int)");
        var modifiers = access ?? (_isRight ? Pick("private static", "public static", "internal static") : Pick("static", "public", "private static", "static async", "protected static", "static unsafe", "public abstract", "extern static", "static partial"));
        var parameters = new List<string>();
        var isOfRows = Chance(30);
        var types = _activations.OrderBy(_ => _random.Next()).Take(_random.Next(4));
        if (isOfRows)
        {
            string[] rows = Chance(50) ? [Pick(_rows)] : ["TeacherCleanLogitRows", Pick(_rows)];
            types = (_isRight ? rows : rows.Concat(types)).OrderBy(_ => _random.Next());
        }

        foreach (var type in types.ToList())
        {
            var modifier = _isRight || Chance(80) ? "" : Pick("ref ", "in ", "out ", "params ", "this ", "scoped ");
            parameters.Add($"{modifier}{(_isRight || Chance(85) ? type : Pick("torch.Tensor", "int", "string[]", type + "?", "Nowhere", "object", "T"))} p{parameters.Count}{(_isRight || Chance(90) ? "" : " = default")}");
        }

        if (!_isRight && Chance(10))
        {
            parameters.Add("TransformStds twice, TransformStds again");
        }

        var generic = _isRight || Chance(90) ? "" : "<T>";
        var mark = _isRight || Chance(85) ? "" : Pick("[System.Obsolete] ", "[System.Obsolete(\"x\", true)] ", "[System.Diagnostics.CodeAnalysis.Experimental(\"X1\")] ", "[return: System.Diagnostics.CodeAnalysis.MaybeNull] ", "[System.Runtime.InteropServices.UnmanagedCallersOnly] ");
        var name = Pick(_names);
        var mask = (_isRight ? isOfRows : Chance(30)) && Chance(40) ? ", Mask = " + Value("Mask") : "";
        var term = $"[{Name("LossTerm")}({Weight()}{mask})] ";
        return !_isRight && Chance(15)
            ? Pick($"{term} private static {name}(TransformStds stds) => throw null!;", $"{term} public {name}() {{ }}", $"{term} ~{name}() {{ }}", $"{term} public static explicit operator int({name} x) => 1;",
                $"public torch.Tensor this[int i] {{ {term} get => null!; }}", $"public static event System.Action {name} {{ {term} add {{ }} remove {{ }} }}", $"{term} torch.Tensor System.ICloneable.Clone() => null!;", $"{term} public static torch.Tensor {name};",
                $"{term} private static torch.Tensor (TransformStds stds) => null!;", $"{term} private static torch.Tensor", $"{term}", $"static {{ {term} static torch.Tensor {name}() => null!; }}", $"{term} static torch.Tensor {name}(this TransformStds stds) => null!;",
                $"public static torch.Tensor {name} {{ {term} get => null!; }}", $"{term} public static torch.Tensor operator +(int a, int b) => null!;", $"static void {name}() {{ {term} static torch.Tensor Local() => null!; }}", $"{term}{term} static torch.Tensor {name}() => null!;")
            : $"{term}{mark}{modifiers} {returns} {name}{generic}({string.Join(", ", parameters)}) => throw null!;";
    }

    private string Name(string attribute) => _random.Next(6) switch
    {
        0 => $"global::Jigsaw.{attribute}",
        1 => attribute + "Attribute",
        2 => $"global::Jigsaw.{attribute}Attribute",
        _ => attribute,
    };

    /// <summary>A name that no record has a method of: C# itself refuses such a type in a record.</summary>
    private string TypeName() => Pick(_names.Except(["Equals", "ToString", "GetType", "Finalize", "MemberwiseClone"]).ToArray());

    private string Generic(int index) => _random.Next(8) switch
    {
        0 => $"<T{index}>",
        1 => $"<@class{index}, U{index}>",
        2 when !_isRight => $"<{Pick("Plan", "Tensor", "Bind", "a")}>",
        _ => "",
    };

    private bool Chance(int percent) => _random.Next(100) < percent;

    private string Pick(params string[] choices) => choices[_random.Next(choices.Length)];
}
