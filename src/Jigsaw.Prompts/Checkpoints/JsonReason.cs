using System.Globalization;
using System.Text.Json;

namespace Jigsaw.Checkpoints;

/// <summary>Why a text is not JSON, in words for a sentence: the parser quotes as much of the file as it likes.</summary>
internal static class JsonReason
{
    private const int MostCharacters = 100;

    /// <summary>The place, counted from 1, and the beginning of the reason.</summary>
    public static string Of(JsonException exception)
    {
        if (exception.Message.StartsWith("The input does not contain any JSON tokens", StringComparison.Ordinal))
        {
            return "it is empty";
        }

        var reason = exception.Message.Split(" Path: ")[0].Split(" LineNumber: ")[0].TrimEnd('.');
        var cut = reason.Length > MostCharacters ? reason[..MostCharacters] + "…" : reason;
        return exception.LineNumber is { } line ? string.Create(CultureInfo.InvariantCulture, $"line {line + 1}, column {(exception.BytePositionInLine ?? 0) + 1}: {cut}") : cut;
    }
}
