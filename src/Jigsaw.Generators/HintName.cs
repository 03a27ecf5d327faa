using System.Globalization;
using System.Text;
using Jigsaw.Generators.Gathering;
using Jigsaw.Planning;

namespace Jigsaw.Generators;

/// <summary>Names generated files after their recipes, unique without regard to case.</summary>
internal static class HintName
{
    /// <summary>Bytes of a name in UTF-8: file systems allow 255, and the hash, the extension and a test's snapshot need some.</summary>
    private const int LongestName = 160;

    /// <summary>The names that several recipes have, but for case.</summary>
    public static EquatableArray<string> Shared(IEnumerable<string> metadataNames) => metadataNames
        .GroupBy(name => name, StringComparer.OrdinalIgnoreCase)
        .Where(group => group.Skip(1).Any())
        .SelectMany(group => group.Distinct())
        .OrderBy(name => name, StringComparer.Ordinal)
        .ToEquatableArray();

    /// <summary>The file name of a recipe.</summary>
    public static string Of(RecipeDeclaration recipe, EquatableArray<string> shared)
    {
        var name = recipe.MetadataName;
        var isLong = Encoding.UTF8.GetByteCount(name) > LongestName;
        if (!isLong && !shared.Contains(name))
        {
            return name + ".g.cs";
        }

        var exact = Hash(name + " " + string.Join(" ", recipe.Types.Select(type => type.Keyword)));
        return $"{(isLong ? End(name) : name)}.{exact}.g.cs";
    }

    /// <summary>As much of a name's end as fits, whole characters only.</summary>
    private static string End(string name)
    {
        var start = name.Length;
        for (var bytes = 0; start > 0;)
        {
            var length = start > 1 && char.IsLowSurrogate(name[start - 1]) ? 2 : 1;
            bytes += Encoding.UTF8.GetByteCount(name.Substring(start - length, length));
            if (bytes > LongestName)
            {
                break;
            }

            start -= length;
        }

        return name.Substring(start).TrimStart('.', '+');
    }

    private static string Hash(string text)
    {
        var hash = 14695981039346656037;
        foreach (var value in Encoding.UTF8.GetBytes(text))
        {
            hash = unchecked((hash ^ value) * 1099511628211);
        }

        return hash.ToString("x16", CultureInfo.InvariantCulture);
    }
}
