using System.Text.RegularExpressions;
using Jigsaw.Generators.Tests.Compiling;
using Microsoft.CodeAnalysis;

namespace Jigsaw.Generators.Tests.Rules;

/// <summary>Checks source in which <c>{|ID:text|}</c> marks what is expected to be squiggled: these diagnostics, at these places, and no other, not even of C#.</summary>
internal static partial class Marked
{
    public static void Verify(params string[] marked)
    {
        var expected = new List<string>();
        var sources = marked.Select((text, file) => Unmarked(text, file, expected)).ToArray();

        var compiled = Compiled.Of(sources);

        var found = compiled.Diagnostics.Select(diagnostic => $"{diagnostic.Location.GetLineSpan().Path} {diagnostic.Location.SourceSpan.Start} {diagnostic.Id} '{compiled.Squiggled(diagnostic)}'");
        Assert.Equal(expected.Order(StringComparer.Ordinal), found.Order(StringComparer.Ordinal));
    }

    private static string Unmarked(string marked, int file, List<string> expected)
    {
        var removed = 0;
        foreach (Match mark in Mark().Matches(marked))
        {
            expected.Add($"File{file}.cs {mark.Index - removed} {mark.Groups["id"].Value} '{mark.Groups["text"].Value}'");
            removed += mark.Length - mark.Groups["text"].Length;
        }

        return Mark().Replace(marked, "${text}");
    }

    [GeneratedRegex(@"\{\|(?<id>[A-Z]+\d+):(?<text>.*?)\|\}", RegexOptions.Singleline)]
    private static partial Regex Mark();
}
