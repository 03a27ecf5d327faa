using System.Diagnostics.CodeAnalysis;

namespace Jigsaw.Native;

/// <summary>Finds native libraries where the host finds them.</summary>
internal static class NativeSearch
{
    /// <summary>The folders that the host searches, in its order: those of the dependency file, then those next to the app and next to this assembly.</summary>
    [UnconditionalSuppressMessage("SingleFile", "IL3000", Justification = "In one file the location is empty, and the folder of the program stands before it.")]
    public static IReadOnlyList<string> Folders()
    {
        var listed = (AppContext.GetData("NATIVE_DLL_SEARCH_DIRECTORIES") as string ?? "")
            .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        string[] beside = [AppContext.BaseDirectory, Path.GetDirectoryName(typeof(NativeSearch).Assembly.Location) ?? ""];
        return
        [
            .. listed.Concat(beside.Where(folder => folder.Length > 0).SelectMany(folder => (string[])[Path.Combine(folder, "runtimes", "linux-x64", "native"), folder])).Distinct(),
        ];
    }

    /// <summary>The path of the first file of a name, or null.</summary>
    /// <param name="name">File name of the library.</param>
    /// <param name="folders">Where to look, in order.</param>
    public static string? Find(string name, IReadOnlyList<string> folders) =>
        folders.Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);
}
