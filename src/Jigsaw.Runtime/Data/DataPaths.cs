using Microsoft.Extensions.FileSystemGlobbing;

namespace Jigsaw.Data;

/// <summary>The files that paths, patterns and folders name.</summary>
internal static class DataPaths
{
    private static readonly string[] _endings = [".jsonl", ".ndjson", ".json", ".parquet", ".jsonl.gz", ".ndjson.gz", ".json.gz", ".jsonl.zst", ".ndjson.zst", ".json.zst"];

    /// <summary>Finds the files: those of each pattern or folder in ordinal order of their full paths, each file once.</summary>
    /// <param name="patterns">Files, folders, or patterns with <c>*</c> and <c>**</c>.</param>
    /// <exception cref="FileNotFoundException">One of them names no file.</exception>
    /// <exception cref="ArgumentException">There is no pattern.</exception>
    public static IReadOnlyList<string> Find(IEnumerable<string> patterns)
    {
        ArgumentNullException.ThrowIfNull(patterns);
        var found = new List<string>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var any = false;
        foreach (var pattern in patterns)
        {
            if (string.IsNullOrEmpty(pattern))
            {
                throw new ArgumentException("A path is empty; name a file, a folder, or a pattern such as data/*.jsonl.", nameof(patterns));
            }

            any = true;
            found.AddRange(FilesOf(pattern).Where(file => seen.Add(Path.GetFullPath(file))));
        }

        return any ? found : throw new ArgumentException("There is no file of chats; name at least one.", nameof(patterns));
    }

    private static string[] FilesOf(string pattern)
    {
        if (File.Exists(pattern))
        {
            return [pattern];
        }

        if (Directory.Exists(pattern))
        {
            var inside = Directory.EnumerateFiles(pattern)
                .Where(file => !Path.GetFileName(file).StartsWith('.') && _endings.Any(ending => file.EndsWith(ending, StringComparison.OrdinalIgnoreCase)))
                .Order(StringComparer.Ordinal)
                .ToArray();
            return inside.Length > 0 ? inside : throw new FileNotFoundException($"The folder {pattern} holds no file of chats; put one of {string.Join(", ", _endings)} there, or name the files.", pattern);
        }

        if (!pattern.Contains('*', StringComparison.Ordinal))
        {
            throw new FileNotFoundException($"There is no file or folder {pattern}; name one that is there, or a pattern such as data/*.jsonl.", pattern);
        }

        var parts = Path.GetFullPath(pattern).Split(Path.DirectorySeparatorChar);
        var plain = parts.TakeWhile(part => !part.Contains('*', StringComparison.Ordinal)).Count();
        var root = string.Join(Path.DirectorySeparatorChar, parts.Take(plain)) + Path.DirectorySeparatorChar;
        var matcher = new Matcher(StringComparison.Ordinal).AddInclude(string.Join('/', parts.Skip(plain)));
        var files = Directory.Exists(root) ? matcher.GetResultsInFullPath(root).Select(Path.GetFullPath).Order(StringComparer.Ordinal).ToArray() : [];
        return files.Length > 0 ? files : throw new FileNotFoundException($"No file matches {pattern}; * stands for a part of a name, and ** for folders.", pattern);
    }
}
