namespace Jigsaw.Testing;

/// <summary>Finds the folder of a test, also where the build maps its path to one that is the same on every machine.</summary>
internal static class TestFolder
{
    /// <summary>The folder.</summary>
    /// <param name="file">The test's file as the compiler wrote it.</param>
    /// <param name="project">The folder of its project; null where the project doesn't say.</param>
    /// <exception cref="SnapshotException">There is no such folder.</exception>
    public static string Of(string file, string? project)
    {
        var names = file.Split('/', '\\');
        if (File.Exists(file))
        {
            return Path.GetDirectoryName(file)!;
        }

        for (var first = 0; project is not null && first < names.Length; first++)
        {
            var candidate = Path.Combine([project, .. names[first..]]);
            if (names[first].Length > 0 && File.Exists(candidate))
            {
                return Path.GetDirectoryName(candidate)!;
            }
        }

        throw new SnapshotException($"The test's file is '{file}' to the compiler, which doesn't exist here; run the tests where they were built, or set DeterministicSourcePaths to false in the test project.");
    }
}
