namespace Jigsaw.Runtime.Tests;

/// <summary>Where the tests' data files are.</summary>
internal static class TestData
{
    /// <summary>The path of a file or folder under <c>Data</c>.</summary>
    public static string Path(params string[] parts) => System.IO.Path.Combine([AppContext.BaseDirectory, "Data", .. parts]);
}
