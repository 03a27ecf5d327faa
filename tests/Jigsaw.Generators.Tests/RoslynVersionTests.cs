using System.Reflection;
using Jigsaw.CodeFixes;

namespace Jigsaw.Generators.Tests;

public class RoslynVersionTests
{
    public static TheoryData<string> Assemblies => [typeof(RecipeGenerator).Assembly.GetName().Name!, typeof(AddPartialFix).Assembly.GetName().Name!];

    [Theory]
    [MemberData(nameof(Assemblies))]
    public void What_a_compiler_loads_asks_for_the_first_Roslyn_that_builds_net10_and_for_no_newer(string assembly)
    {
        var roslyn = Assembly.Load(assembly).GetReferencedAssemblies().Where(reference => reference.Name!.StartsWith("Microsoft.CodeAnalysis", StringComparison.Ordinal)).ToList();

        Assert.NotEmpty(roslyn);
        Assert.All(roslyn, reference => Assert.Equal(new Version(5, 0, 0, 0), reference.Version));
    }

    [Fact]
    public void The_generator_needs_nothing_but_Roslyn_and_what_comes_with_it()
    {
        var others = typeof(RecipeGenerator).Assembly.GetReferencedAssemblies().Select(reference => reference.Name!).Where(name => !name.StartsWith("Microsoft.CodeAnalysis", StringComparison.Ordinal));

        Assert.Equal(["netstandard", "System.Collections.Immutable"], others.Order(StringComparer.OrdinalIgnoreCase));
    }
}
