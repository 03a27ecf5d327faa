using System.Text;
using System.Text.Json;

namespace Jigsaw.Checkpoints;

/// <summary>JSON can spell what is not Unicode, half a surrogate pair as in <c>"\ud800"</c>. .NET takes it, and fails wherever it is first asked for the text, or compares a name with it.</summary>
internal static class JsonUnicode
{
    /// <summary>What is wrong, for a sentence that has its place.</summary>
    internal const string Problem = "a text or a name that is not Unicode: half a surrogate pair, or invalid UTF-8";

    /// <summary>Refuses such a text or name.</summary>
    /// <param name="json">The JSON in UTF-8.</param>
    /// <param name="options">How it is read.</param>
    /// <exception cref="JsonException">There is one, or it is not JSON.</exception>
    public static void Require(ReadOnlySpan<byte> json, JsonReaderOptions options = default)
    {
        var reader = new Utf8JsonReader(json, options);
        while (reader.Read())
        {
            if (reader.TokenType is not (JsonTokenType.String or JsonTokenType.PropertyName))
            {
                continue;
            }

            try
            {
                _ = reader.GetString();
            }
            catch (InvalidOperationException exception)
            {
                var before = json[..(int)reader.TokenStartIndex];
                throw new JsonException(Problem, path: null, before.Count((byte)'\n'), before.Length - 1 - before.LastIndexOf((byte)'\n'), exception);
            }
        }
    }

    /// <summary>True if all of its texts and names are Unicode.</summary>
    public static bool Holds(ReadOnlySpan<byte> json)
    {
        try
        {
            Require(json);
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <inheritdoc cref="Require(ReadOnlySpan{byte}, JsonReaderOptions)"/>
    public static void Require(string json, JsonReaderOptions options = default) => Require(Encoding.UTF8.GetBytes(json), options);
}
