using Jigsaw.Generators;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Jigsaw.NewestRoslyn.Tests;

public class NewestRoslynTests
{
    [Fact]
    public void The_host_of_these_tests_is_newer_than_what_the_generator_was_built_with()
    {
        var built = typeof(RecipeGenerator).Assembly.GetReferencedAssemblies().Single(assembly => assembly.Name == typeof(Compilation).Assembly.GetName().Name).Version;

        Assert.Equal(new Version(5, 12, 0, 0), typeof(Compilation).Assembly.GetName().Version);
        Assert.Equal(new Version(5, 12, 0, 0), typeof(CSharpCompilation).Assembly.GetName().Version);
        Assert.Equal(new Version(5, 0, 0, 0), built);
    }
}
