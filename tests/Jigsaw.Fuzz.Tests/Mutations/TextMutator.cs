using System.Text;

namespace Jigsaw.Fuzz.Tests.Mutations;

/// <summary>Puts tokens of the file's language, or parts of other files, in the place of a few characters.</summary>
/// <param name="tokens">Tokens of the language.</param>
/// <param name="parts">Good files whose parts are put into others.</param>
internal sealed class TextMutator(IReadOnlyList<string> tokens, IReadOnlyList<string> parts) : Mutator
{
    protected override byte[] Edit(byte[] bytes, Random random)
    {
        var text = Encoding.UTF8.GetString(bytes);
        var at = random.Next(text.Length + 1);
        var cut = Math.Min(random.Next(0, 20), text.Length - at);
        return Encoding.UTF8.GetBytes(string.Concat(text.AsSpan(0, at), Inserted(random), text.AsSpan(at + cut)));
    }

    private string Inserted(Random random)
    {
        if (parts.Count == 0 || random.Next(2) == 0)
        {
            return random.Next(4) == 0 ? "" : tokens[random.Next(tokens.Count)];
        }

        var part = parts[random.Next(parts.Count)];
        var from = random.Next(part.Length);
        return part.Substring(from, Math.Min(random.Next(1, 40), part.Length - from));
    }
}
