namespace Jigsaw.Testing.Tests;

public sealed class TestFolderTests : IDisposable
{
    private readonly string _project = Directory.CreateTempSubdirectory("jigsaw-folder-").FullName;

    public TestFolderTests()
    {
        Directory.CreateDirectory(Path.Combine(_project, "Recipes"));
        File.WriteAllText(Path.Combine(_project, "Recipes", "ChatTests.cs"), "");
    }

    private string Recipes => Path.Combine(_project, "Recipes");

    [Fact]
    public void The_folder_is_that_of_the_file() => Assert.Equal(Recipes, TestFolder.Of(Path.Combine(Recipes, "ChatTests.cs"), null));

    [Theory]
    [InlineData("/_/tests/Shop.Tests/Recipes/ChatTests.cs")]
    [InlineData("/_1/Recipes/ChatTests.cs")]
    [InlineData("C:\\build\\Shop.Tests\\Recipes\\ChatTests.cs")]
    public void A_path_that_the_build_maps_is_found_in_the_project(string mapped) => Assert.Equal(Recipes, TestFolder.Of(mapped, _project));

    [Fact]
    public void A_file_that_is_not_here_is_an_error_that_says_what_to_do()
    {
        Assert.Contains("set DeterministicSourcePaths to false", Assert.Throws<SnapshotException>(() => TestFolder.Of("/_/ChatTests.cs", _project)).Message, StringComparison.Ordinal);
        Assert.Throws<SnapshotException>(() => TestFolder.Of("/_/Recipes/ChatTests.cs", null));
    }

    public void Dispose() => Directory.Delete(_project, recursive: true);
}
