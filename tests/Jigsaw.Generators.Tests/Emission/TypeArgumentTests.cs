using Jigsaw.Generators.Tests.Compiling;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Jigsaw.Generators.Tests.Emission;

public class TypeArgumentTests
{
    [Theory]
    [InlineData("partial class", true)]
    [InlineData("abstract partial class", true)]
    [InlineData("partial record", true)]
    [InlineData("partial struct", true)]
    [InlineData("readonly partial record struct", true)]
    [InlineData("static partial class", false)]
    [InlineData("ref partial struct", false)]
    public void A_recipe_is_a_type_argument_where_its_kind_allows(string kind, bool isOne)
    {
        var compiled = Compiled.Of($"[Jigsaw.LossRecipe, Jigsaw.LossTerm.CePerformance(1), Jigsaw.LossTerm.AbsoluteCosineSimilarity(0.5)] public {kind} Chat {{ }}");

        Assert.Empty(compiled.Diagnostics);
        Assert.Equal(isOne, Implements(compiled, "Chat"));
    }

    [Fact]
    public void Before_static_members_of_interfaces_and_beside_a_hand_written_one_nothing_is_implemented()
    {
        const string Recipe = "[Jigsaw.LossRecipe, Jigsaw.LossTerm.CePerformance(1), Jigsaw.LossTerm.AbsoluteCosineSimilarity(0.5)] public partial class Chat ";
        var older = Compiled.Of(Compiled.Compile([Recipe + "{ }"], new CSharpParseOptions(LanguageVersion.CSharp10)));
        Assert.Empty(older.Diagnostics);
        Assert.False(Implements(older, "Chat"));

        var own = Compiled.Of(Recipe + ": Jigsaw.Steps.ILossRecipe { static Jigsaw.Steps.RecipeMembers Jigsaw.Steps.ILossRecipe.Members => Jigsaw.Steps.RecipeMembers.Of(Plan, Defaults, Bind, Hyperparameters.Read); }");
        Assert.Empty(own.Diagnostics);
        Assert.DoesNotContain("ILossRecipe", own.File, StringComparison.Ordinal);
    }

    [Fact]
    public void A_wrong_recipe_is_a_type_argument_too_so_that_its_own_error_is_the_only_one()
    {
        var compiled = Compiled.Of("""
            using Jigsaw;
            using Jigsaw.Steps;
            static class Program { public static RecipeMembers Of<TRecipe>() where TRecipe : ILossRecipe => TRecipe.Members; public static RecipeMembers Chat => Of<Outer<int>.Chat>(); }
            partial class Outer<T> { [LossRecipe, LossTerm.CePerformance(-1), LossTerm.AbsoluteCosineSimilarity(0.5)] internal partial class Chat { } }
            """);

        Assert.Equal(["JIG0020"], compiled.Diagnostics.Select(diagnostic => diagnostic.Id));
    }

    private static bool Implements(Compiled compiled, string type) =>
        compiled.Compilation.GetTypeByMetadataName(type)!.Interfaces.Any(one => one.ToDisplayString() == "Jigsaw.Steps.ILossRecipe");
}
