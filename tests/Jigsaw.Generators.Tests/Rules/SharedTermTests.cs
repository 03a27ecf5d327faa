using System.Globalization;
using Jigsaw.Generators.Tests.Compiling;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Jigsaw.Generators.Tests.Rules;

public class SharedTermTests
{
    private const string Usings = "using Jigsaw;\nusing TorchSharp;\n";
    private const string Floor = "[LossTerm(0.05)] internal static torch.Tensor NoiseFloor(TransformStds stds) => stds;";

    [Theory]
    [InlineData("static class Terms { #F }", "Terms", "global::Terms")]
    [InlineData("class Terms { #F }", "Terms", "global::Terms")]
    [InlineData("struct Terms { #F }", "Terms", "global::Terms")]
    [InlineData("record struct Terms(int X) { #F }", "Terms", "global::Terms")]
    [InlineData("interface Terms { #F }", "Terms", "global::Terms")]
    [InlineData("static class Terms<T, U> { #F }", "Terms<int[], (string?, dynamic)>", "global::Terms<int[], (string, dynamic)>")]
    [InlineData("class @class<T> { internal static class @await { #F } }", "@class<@class<nint>>.@await", "global::@class<global::@class<nint>>.@await")]
    [InlineData("namespace Shop.@new { static class Terms { #F } }", "Shop.@new.Terms", "global::Shop.@new.Terms")]
    [InlineData("partial class ChatRecipe { private static class Terms { #F } }", "ChatRecipe.Terms", "global::ChatRecipe.Terms")]
    [InlineData("static class Terms { [LossTerm(0.05)] internal static torch.Tensor @step(TransformStds stds) => stds; }", "Terms", "global::Terms", "step")]
    public void A_recipe_calls_the_terms_of_a_class_that_it_names(string declaration, string named, string expression, string method = "NoiseFloor")
    {
        var compiled = Compiled.Of($"{Usings}[LossRecipe]\n[LossTerm.CePerformance(1)]\n[LossTerms(typeof({named}))]\npublic partial class ChatRecipe {{ }}\n{declaration.Replace("#F", Floor, StringComparison.Ordinal)}");

        Assert.Empty(compiled.Diagnostics);
        Assert.Contains($", {expression}.{method}(step.Stds)) : step.NotEvaluated;", compiled.File, StringComparison.Ordinal);
    }

    [Fact]
    public void A_recipe_has_the_terms_of_its_base_classes_and_a_class_those_of_its_own()
    {
        var compiled = Compiled.Of($$"""
            {{Usings}}
            [LossRecipe, LossTerm.CePerformance(1), LossTerms(typeof(More)), LossTerms(typeof(Floors<int>))]
            public partial class ChatRecipe<T> : Base<T> { [LossTerm(1)] private static torch.Tensor Own(TransformStds stds) => stds; }
            public class Base<T> : Root { [LossTerm(1)] protected static torch.Tensor OfBase(TransformStds stds) => stds; }
            public class Root { [LossTerm(1)] protected internal static torch.Tensor OfRoot(TransformStds stds) => stds; }
            public class More : Floors<int> { [LossTerm(1)] internal static torch.Tensor OfMore(TransformStds stds) => stds; }
            public class Floors<T> { {{Floor}} }
            """);

        Assert.Empty(compiled.Diagnostics);
        Assert.All(["global::Base<T>.OfBase(", "global::Root.OfRoot(", "global::More.OfMore(", "global::Floors<int>.NoiseFloor(", ", Own("], call => Assert.Equal(2, compiled.File.Split(call).Length));
    }

    [Theory]
    [InlineData("typeof({|JIG0070:None|})", "'None' has no method with [LossTerm], so it adds nothing to the recipe; add a term to it, or remove [LossTerms]")]
    [InlineData("{|JIG0070:{|CS8625:null|}|}", "'null' is not a class; name one whose methods have [LossTerm]")]
    [InlineData("typeof({|JIG0070:int[]|})", "'int[]' is not a class; name one whose methods have [LossTerm]")]
    [InlineData("typeof({|JIG0070:TokenMask|})", "'TokenMask' is not a class; name one whose methods have [LossTerm]")]
    [InlineData("typeof({|JIG0070:Open<>|})", "'Open<>' lacks type arguments, so the loss can't call its methods; add them")]
    [InlineData("typeof({|JIG0070:Outer<>.Inner|})", "'Outer<>.Inner' lacks type arguments, so the loss can't call its methods; add them")]
    [InlineData("typeof({|JIG0070:ChatRecipe|})", "'ChatRecipe' is a recipe itself; move the terms that are shared into a class of their own")]
    [InlineData("typeof({|JIG0070:Local|})", "'Local' is local to its file, so the loss can't call it from another file; remove 'file'")]
    [InlineData("typeof({|JIG0070:Open<Here>|})", "'Open<Here>' can't be named, since 'Here' is local to its file, so the loss can't call it from another file; remove 'file'")]
    [InlineData("typeof({|JIG0070:{|CS0612:Old|}|})", "'Old' is marked [Obsolete], but the loss calls it at each step; remove the attribute, or remove [LossTerms]")]
    [InlineData("typeof({|JIG0070:Trial|})", "'Trial' is marked [Experimental], but the loss calls it at each step; remove the attribute, or remove [LossTerms]", "#pragma warning disable X1\n")]
    [InlineData("typeof({|JIG0071:Hidden|})", "'Hidden.NoiseFloor' is private, so the loss of 'ChatRecipe' can't call it; make it internal or public")]
    [InlineData("typeof({|JIG0071:Guarded|})", "'Guarded.NoiseFloor' is protected, so the loss of 'ChatRecipe' can't call it; make it internal or public")]
    [InlineData("typeof({|JIG0010:Clash|})", "The component key of 'Clash.Own' is 'own', which is already the key of another component; rename the method")]
    [InlineData("typeof({|JIG0040:Deep|})", "'Deep.Drift' compares hidden states at the distillation layer, but the recipe names no layer; add DistillationLayer = … to [LossRecipe]")]
    public void What_can_not_be_shared(string argument, string message, string before = "")
    {
        var (attribute, declared) = ($"[LossTerms({argument})]", $$"""
            static class None { public static torch.Tensor Own(TransformStds stds) => stds; }
            static class Open<T> { {{Floor}} }
            static class Outer<T> { internal static class Inner { {{Floor}} } }
            file class Here { }
            file static class Local { {{Floor}} }
            [System.Obsolete] static class Old { {{Floor}} }
            [System.Diagnostics.CodeAnalysis.Experimental("X1")] static class Trial { {{Floor}} }
            static class Hidden { [LossTerm(0.05)] private static torch.Tensor NoiseFloor(TransformStds stds) => stds; }
            class Guarded { [LossTerm(0.05)] protected static torch.Tensor NoiseFloor(TransformStds stds) => stds; }
            static class Clash { [LossTerm(0.05)] public static torch.Tensor Own(TransformStds stds) => stds; }
            static class Deep { [LossTerm(0.05)] public static torch.Tensor Drift(StudentNoisyHidden hidden) => hidden; }
            """.Split('\n'));
        var kept = declared.Where(line => argument.Split(['(', ')', '<', '>', '|', ':', '}', '.']).Any(name => line.Contains($"class {name} ", StringComparison.Ordinal) || line.Contains($"class {name}<", StringComparison.Ordinal)));
        var source = $"{before}{Usings}[LossRecipe, LossTerm.CePerformance(1)]\n{attribute}\npublic partial class ChatRecipe {{ [LossTerm(1)] private static torch.Tensor Own(TransformStds stds) => stds; }}\n{string.Join('\n', kept)}";

        Marked.Verify(source);
        var found = Compiled.Of(Marked.Unmarked(source, 0, [])).Diagnostics.Single(Compiled.IsJigsaw);
        Assert.Equal(message, found.GetMessage(CultureInfo.InvariantCulture));
    }

    [Fact]
    public void A_class_is_named_once() => Marked.Verify($$"""
        {{Usings}}
        [LossRecipe, LossTerm.CePerformance(1)]
        [LossTerms(typeof(Terms)), LossTerms(terms: typeof({|JIG0009:Terms|}))]
        public partial class ChatRecipe { }
        static class Terms { {{Floor}} }
        """);

    [Fact]
    public void A_problem_of_a_class_is_reported_there_once_however_many_recipes_name_it() => Marked.Verify(
        $$"""
        {{Usings}}
        [LossRecipe, LossTerm.CePerformance(1), LossTerms(typeof(Terms))] public partial class First { }
        [LossRecipe, LossTerm.CePerformance(1), LossTerms(typeof(Terms))] public partial class Second { }
        [LossRecipe, LossTerm.CePerformance(1)] public partial class Third : Terms { }
        """,
        $$"""
        {{Usings}}
        public class Terms
        {
            [LossTerm({|JIG0020:-1|})] internal static torch.Tensor Wrong(TransformStds stds) => stds;
            [LossTerm(1, {|JIG0044:RampFrom = 2|})] internal static torch.Tensor Ramped(TransformStds stds) => stds;
            [LossTerm(1)] internal torch.Tensor {|JIG0060:Instance|}(TransformStds stds) => stds;
            [LossTerm(1)] internal static {|JIG0061:int|} Whole(TransformStds stds) => 1;
            [LossTerm(1)] internal static torch.Tensor Reads(int {|JIG0062:x|}) => throw null!;
            [LossTerm(1)] internal static torch.Tensor {|JIG0065:Generic|}<T>() => throw null!;
            [LossTerm(1), {|JIG0009:LossTerm|}(2)] internal static torch.Tensor Twice(TransformStds stds) => stds;
            [LossTerm(1)] internal static torch.Tensor {|JIG0011:Count|}(TransformStds stds) => stds;
        }
        """);

    [Fact]
    public void A_static_term_of_an_interface_is_not_abstract_or_virtual() => Marked.Verify($$"""
        {{Usings}}
        [LossRecipe, LossTerm.CePerformance(1), LossTerms(typeof(ITerms))] public partial class ChatRecipe { }
        public interface ITerms
        {
            [LossTerm(1)] static abstract torch.Tensor {|JIG0065:Abstract|}(TransformStds stds);
            [LossTerm(1)] static virtual torch.Tensor {|JIG0065:Virtual|}(TransformStds stds) => stds;
        }
        """);

    [Theory]
    [InlineData("", "internal static class", "internal", true)]
    [InlineData("", "public static class", "private", true)]
    [InlineData("", "public static class", "public", false)]
    [InlineData("", "public class", "protected", false)]
    [InlineData("[assembly: System.Runtime.CompilerServices.InternalsVisibleTo(\"Tests\")]", "internal static class", "internal", false)]
    [InlineData("[assembly: System.Runtime.CompilerServices.InternalsVisibleTo(\"Tests\")]", "internal static class", "private", true)]
    public void A_class_that_no_recipe_names_has_terms_for_other_projects_or_by_mistake(string assembly, string type, string method, bool isStray)
    {
        var compiled = Compiled.Of($"{Usings}{assembly}\n{type} Terms {{ [LossTerm(-1)] {method} static torch.Tensor Own(TransformStds stds) => stds; }}");

        var found = Assert.Single(compiled.Diagnostics);
        Assert.Equal(isStray ? "'Terms' has a loss term but no [LossRecipe], and no recipe names it with [LossTerms], so nothing is generated; add [LossRecipe] or remove the term" : "JIG0020", isStray ? found.GetMessage(CultureInfo.InvariantCulture) : found.Id);
    }

    [Fact]
    public void Only_a_recipe_shares_terms() => Marked.Verify($$"""
        {{Usings}}
        [{|JIG0002:LossTerms|}(typeof(Terms))]
        public partial class ChatRecipe { }
        public static class Terms { [LossTerm(1)] public static torch.Tensor Own(TransformStds stds) => stds; }
        """);

    [Fact]
    public void A_class_of_another_assembly_is_checked_where_it_is_named()
    {
        var library = Library($$"""
            {{Usings}}
            public class Terms { [LossTerm(1)] public static torch.Tensor Right(TransformStds stds) => stds; [LossTerm(-1)] public static torch.Tensor Wrong(TransformStds stds) => stds; [LossTerm(1)] protected static torch.Tensor Guarded(TransformStds stds) => stds; [LossTerm(-1)] internal static torch.Tensor Inner(TransformStds stds) => stds; }
            public static class Right { [LossTerm(1)] public static torch.Tensor OfRight(TransformStds stds, StudentNoisyHidden hidden) => stds; }
            """);
        foreach (var reference in (MetadataReference[])[Image(library), library.ToMetadataReference()])
        {
            Marked.Verify([reference], $"{Usings}[LossRecipe(DistillationLayer = 1), LossTerm.CePerformance(1), LossTerms(typeof(Right)), LossTerms(typeof({{|JIG0071:{{|JIG0020:Terms|}}|}}))] public partial class ChatRecipe {{ }}");
        }
    }

    [Fact]
    public void A_class_that_generated_code_can_not_name_is_reported()
    {
        var library = Library($"{Usings}public static class Terms {{ [LossTerm(1)] public static torch.Tensor Own(TransformStds stds) => stds; }}");
        var recipe = $"{Usings}[LossRecipe, LossTerm.CePerformance(1), LossTerms(typeof({{|JIG0070:Terms|}}))] public partial class ChatRecipe {{ }}";

        Marked.Verify([Image(library).WithAliases(["other"])], "extern alias other;\n" + recipe.Replace("JIG0070:Terms", "JIG0070:other::Terms", StringComparison.Ordinal));
        Marked.Verify([Image(library)], recipe.Replace("JIG0070:Terms|}", "JIG0070:{|CS0436:Terms|}|}", StringComparison.Ordinal), $"{Usings}static class Terms {{ {Floor} }}");
    }

    [Fact]
    public void What_CSharp_reports_is_reported_once()
    {
        var compiled = Compiled.Of($"{Usings}[LossRecipe, LossTerms(typeof(Missing)), LossTerms(typeof(Outer.Inner)), LossTerms] public partial class ChatRecipe {{ }}\nclass Outer {{ class Inner {{ }} }}");

        Assert.Equal(["CS0122", "CS0246", "CS7036"], compiled.Diagnostics.Select(diagnostic => diagnostic.Id).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_base_class_that_the_recipe_can_not_call_is_reported_at_the_base_list() => Marked.Verify($$"""
        {{Usings}}
        [LossRecipe, LossTerm.CePerformance(1)]
        public partial class ChatRecipe : {|JIG0071:Base|}, System.ICloneable { public object Clone() => this; }
        public class Base { [LossTerm(1)] private static torch.Tensor Own(TransformStds stds) => stds; }
        """);

    [Theory]
    [InlineData("[LossTerms(typeof(Of<int>))] partial class ChatRecipe { }")]
    [InlineData("[LossTerms(typeof(Of<Static>))] partial class ChatRecipe { }")]
    [InlineData("[LossTerms(typeof(Of<int>.Inner))] partial class ChatRecipe { }")]
    [InlineData("partial class ChatRecipe : Of<int> { }")]
    [InlineData("[LossTerms(typeof(Between))] partial class ChatRecipe { }\nclass Between : Of<int> { }")]
    public void Type_arguments_that_CSharp_refuses_are_reported_where_they_are_written_alone(string recipe)
    {
        var source = Usings + "[LossRecipe, LossTerm.CePerformance(1)] " + recipe + "\nclass Of<T> where T : class { " + Floor + " internal class Inner { " + Floor.Replace("NoiseFloor", "InnerFloor", StringComparison.Ordinal) + " } }\nstatic class Static { }";

        var compiled = Compiled.Of(source);

        Assert.Contains(compiled.Diagnostics, diagnostic => diagnostic.Id is "CS0452" or "CS0718");
        Assert.All(compiled.Diagnostics.Where(diagnostic => !Compiled.IsJigsaw(diagnostic)), diagnostic => Assert.StartsWith("File", diagnostic.Location.GetLineSpan().Path, StringComparison.Ordinal));
        Assert.Contains("was built with errors", compiled.File, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[LossTerms(typeof({|JIG0070:More|}))] public partial class ChatRecipe { }")]
    [InlineData("[System.Obsolete] public partial class ChatRecipe : {|JIG0070:More|} { }")]
    public void A_base_class_that_can_not_be_named_is_reported(string recipe) => Marked.Verify($$"""
        {{Usings}}
        [LossRecipe, LossTerm.CePerformance(1)] {{recipe}}
        #pragma warning disable CS0612
        public class More : Old { [LossTerm(1)] internal static torch.Tensor OfMore(TransformStds stds) => stds; }
        [System.Obsolete] public class Old { {{Floor}} }
        """);

    [Fact]
    public void A_recipe_of_shared_terms_alone_without_weight_has_no_loss() => Marked.Verify($$"""
        {{Usings}}
        [{|JIG0003:LossRecipe|}, LossTerms(typeof(Terms))]
        public partial class ChatRecipe { }
        static class Terms { [LossTerm({|JIG0021:0|})] internal static torch.Tensor Own(TransformStds stds) => stds; }
        """);

    private static CSharpCompilation Library(string source) => Compiled.Compile([source]).WithAssemblyName("Library");

    private static PortableExecutableReference Image(CSharpCompilation library)
    {
        using var image = new MemoryStream();
        var emitted = library.Emit(image);
        Assert.True(emitted.Success, string.Join('\n', emitted.Diagnostics));
        return MetadataReference.CreateFromImage(image.ToArray());
    }
}
