using System.Text.RegularExpressions;

namespace Jigsaw.Tokenization;

/// <summary>
/// Tells from the text alone what a reply repeats. The server sees the reply as plain text: a word that it repeats is lost in any case, and
/// a word that it doesn't repeat is what a transform can protect.
/// </summary>
internal sealed partial class ReplyWords
{
    private readonly string _text;
    private readonly bool[] _repeated;

    /// <summary>Compares a rendered chat with its replies.</summary>
    /// <param name="chat">The chat.</param>
    /// <param name="isReply">True if a content is a reply that counts in the loss.</param>
    public ReplyWords(RenderedChat chat, Func<ContentSpan, bool> isReply)
    {
        _text = chat.Text;
        _repeated = new bool[_text.Length];
        var words = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var reply in chat.Contents.Where(isReply))
        {
            words.UnionWith(Words(reply.Start, reply.End).Select(word => word.Value));
        }

        var at = 0;
        foreach (var content in chat.Contents)
        {
            Mark(at, content.Start, words);
            Mark(content.Start, content.End, words);
            at = content.End;
        }

        Mark(at, _text.Length, words);
        HasReply = words.Count > 0;
    }

    private bool HasReply { get; }

    /// <summary>True if every character of a token belongs to a word that the reply repeats, a leading space aside: false for a space alone, which has none.</summary>
    public bool Repeat(Token token)
    {
        if (!HasReply || token.Start >= token.End)
        {
            return false;
        }

        var characters = _repeated.AsSpan(token.Start, token.End - token.Start)[(_text[token.Start] == ' ' ? 1 : 0)..];
        return characters.Length > 0 && !characters.Contains(false);
    }

    // A word, or one other character, which may be a pair of surrogates.
    [GeneratedRegex(@"[\w@](?:[\w@.'-]*[\w@])?|[\uD800-\uDBFF][\uDC00-\uDFFF]|.", RegexOptions.Singleline | RegexOptions.CultureInvariant)]
    private static partial Regex Word();

    private MatchCollection Words(int start, int end) => Word().Matches(_text[start..end]);

    private void Mark(int start, int end, HashSet<string> words)
    {
        foreach (var word in Words(start, end).Where(word => words.Contains(word.Value)))
        {
            _repeated.AsSpan(start + word.Index, word.Length).Fill(true);
        }
    }
}
