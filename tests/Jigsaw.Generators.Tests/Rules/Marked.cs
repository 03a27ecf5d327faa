using System.Text;
using System.Text.RegularExpressions;
using Jigsaw.Generators.Tests.Compiling;
using Microsoft.CodeAnalysis;

namespace Jigsaw.Generators.Tests.Rules;

/// <summary>Checks source in which <c>{|ID:text|}</c> marks what is expected to be squiggled: these diagnostics, at these places, and no other, not even of C#.</summary>
internal static partial class Marked
{
    public static void Verify(params string[] marked) => Verify([], marked);

    public static void Verify(IEnumerable<MetadataReference> references, params string[] marked)
    {
        var expected = new List<string>();
        var sources = marked.Select((text, file) => Unmarked(text, file, expected)).ToArray();

        var compiled = Compiled.Of(Compiled.Compile(sources).AddReferences(references));

        var found = compiled.Diagnostics.Select(diagnostic => $"{diagnostic.Location.GetLineSpan().Path} {diagnostic.Location.SourceSpan.Start} {diagnostic.Id} '{compiled.Squiggled(diagnostic)}'");
        Assert.Equal(expected.Order(StringComparer.Ordinal), found.Order(StringComparer.Ordinal));
    }

    /// <summary>The text without its marks, which may be one in another.</summary>
    public static string Unmarked(string marked, int file, List<string> expected)
    {
        var text = new StringBuilder();
        var open = new Stack<(string Id, int Start)>();
        for (var i = 0; i < marked.Length; i++)
        {
            if (Mark().Match(marked, i) is { Success: true } mark && mark.Index == i)
            {
                open.Push((mark.Groups["id"].Value, text.Length));
                i += mark.Length - 1;
            }
            else if (open.Count > 0 && string.CompareOrdinal(marked, i, "|}", 0, 2) == 0)
            {
                var (id, start) = open.Pop();
                expected.Add($"File{file}.cs {start} {id} '{text.ToString(start, text.Length - start)}'");
                i++;
            }
            else
            {
                text.Append(marked[i]);
            }
        }

        return text.ToString();
    }

    [GeneratedRegex(@"\G\{\|(?<id>[A-Z]+\d+):")]
    private static partial Regex Mark();
}
