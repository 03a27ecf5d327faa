using System.Security.Cryptography;
using System.Text;
using Jigsaw.Checkpoints;
using Jigsaw.Tokenization.Unicode;

namespace Jigsaw.Tokenization;

/// <summary>
/// A tokenizer of a Hugging Face checkpoint: byte-level BPE (Llama 3, Qwen, SmolLM) and SentencePiece-like BPE with byte fallback (Llama 2,
/// Mistral), read from tokenizer.json and tokenizer_config.json. It gives the ids of Hugging Face's own library, and says for every token
/// which characters it came from. Safe for use by several threads.
/// </summary>
public sealed class Tokenizer
{
    private readonly TokenizerModel _model;
    private readonly Dictionary<int, AddedToken> _addedById;
    private readonly Dictionary<string, int> _ids = new(StringComparer.Ordinal);
    private readonly AddedTokenMatcher _asWritten;
    private readonly AddedTokenMatcher _normalized;

    private Tokenizer(TokenizerModel model)
    {
        _model = model;
        _addedById = model.Added.GroupBy(token => token.Id).ToDictionary(group => group.Key, group => group.Last());
        _asWritten = new AddedTokenMatcher(model.Added.Where(token => !token.Normalized), units => units);
        _normalized = new AddedTokenMatcher(model.Added.Where(token => token.Normalized), model.Normalize);
        for (var id = 0; id < model.Tokens.Length; id++)
        {
            if (model.Tokens[id] is { } token)
            {
                _ids[token] = id;
            }
        }
    }

    /// <summary>One more than the largest id.</summary>
    public int VocabularySize => _model.Tokens.Length;

    /// <summary>True if text is encoded as bytes (Llama 3, Qwen, SmolLM), false if as characters with a fallback to bytes (Llama 2, Mistral).</summary>
    public bool IsByteLevel => _model.Encoder.ByteLevel;

    /// <summary>The token that begins a text, as tokenizer_config.json names it; null when it names none.</summary>
    public string? BeginToken { get; private init; }

    /// <summary>The token that ends a text, as tokenizer_config.json names it; null when it names none.</summary>
    public string? EndToken { get; private init; }

    /// <summary>The id that fills up shorter sequences: the pad token's, else the end token's, else 0.</summary>
    public int PadId => (PadToken is { } pad ? IdOf(pad) : null) ?? (EndToken is { } end ? IdOf(end) : null) ?? 0;

    /// <summary>The pad token, as tokenizer_config.json names it; null when it names none.</summary>
    public string? PadToken { get; private init; }

    /// <summary>The chat template; null when the tokenizer has none.</summary>
    public ChatTemplate? ChatTemplate { get; private init; }

    /// <summary>What the files say that it was read from, as a SHA-256: equal ones give equal ids. The chat template is not in it.</summary>
    internal string Fingerprint { get; private init; } = string.Empty;

    /// <summary>Reads the tokenizer of a checkpoint directory.</summary>
    /// <param name="directory">The directory with tokenizer.json, and, where they are there, tokenizer_config.json, special_tokens_map.json and chat_template.jinja.</param>
    /// <exception cref="CheckpointException">A file is missing, damaged, or asks for what isn't supported.</exception>
    public static Tokenizer Load(string directory)
    {
        ArgumentNullException.ThrowIfNull(directory);
        if (!Directory.Exists(directory))
        {
            throw new CheckpointException(directory, "is not a directory; name the directory of a Hugging Face checkpoint, with tokenizer.json in it.");
        }

        var model = new TokenizerReader(Path.Combine(directory, "tokenizer.json")).Read();
        return new TokenizerConfig(directory).Configure(model, (framed, tokens, template) => new Tokenizer(framed)
        {
            BeginToken = tokens.GetValueOrDefault("bos_token"),
            EndToken = tokens.GetValueOrDefault("eos_token"),
            PadToken = tokens.GetValueOrDefault("pad_token"),
            ChatTemplate = template,
            Fingerprint = Hash(directory),
        });
    }

    /// <summary>The same tokenizer with another chat template.</summary>
    /// <param name="template">The template.</param>
    public Tokenizer WithChatTemplate(ChatTemplate template) =>
        new(_model) { BeginToken = BeginToken, EndToken = EndToken, PadToken = PadToken, ChatTemplate = template, Fingerprint = Fingerprint };

    private static string Hash(string directory)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var path in ((string[])["tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"]).Select(name => Path.Combine(directory, name)).Where(File.Exists))
        {
            hash.AppendData(SHA256.HashData(File.ReadAllBytes(path)));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>The id of a token, or null when there is no such token.</summary>
    public int? IdOf(string token) => _ids.TryGetValue(token, out var id) ? id : null;

    /// <summary>The ids of a text.</summary>
    /// <param name="text">The text.</param>
    /// <param name="addFrame">Whether the tokens that the tokenizer puts around a text (such as &lt;s&gt;) are added.</param>
    /// <param name="addedTokens">Which added tokens the text may spell; none by default, so that nobody's text can forge control tokens.</param>
    public int[] Encode(string text, bool addFrame = false, AddedTokens addedTokens = AddedTokens.AsText)
    {
        IEnumerable<int> ids = Tokenize(text, addedTokens).Select(token => token.Id);
        return addFrame ? [.. _model.Frame.Before, .. ids, .. _model.Frame.After] : [.. ids];
    }

    /// <summary>The tokens of a text, with the characters that each came from.</summary>
    /// <param name="text">The text.</param>
    /// <param name="addedTokens">Which added tokens the text may spell.</param>
    public IReadOnlyList<Token> Tokenize(string text, AddedTokens addedTokens = AddedTokens.AsText) => Tokenize(text, (token, _, _) => addedTokens == AddedTokens.All || (addedTokens == AddedTokens.NonSpecial && !token.Special));

    /// <summary>The text of tokens. Bytes that are not UTF-8 become U+FFFD.</summary>
    /// <param name="ids">The ids; one that the tokenizer doesn't have gives nothing.</param>
    /// <param name="skipSpecial">Whether special tokens are left out.</param>
    public string Decode(IEnumerable<int> ids, bool skipSpecial = false)
    {
        ArgumentNullException.ThrowIfNull(ids);
        var decoder = new StreamingDecoder(this, skipSpecial);
        var text = new StringBuilder();
        foreach (var id in ids)
        {
            text.Append(decoder.Push(id));
        }

        return text.Append(decoder.Finish()).ToString();
    }

    internal TokenDecoding Decoding => _model.Decoding;

    /// <summary>The text of a token as its vocabulary has it; null for an id that is not in use, or a special one that is to be skipped.</summary>
    internal string? TokenOf(int id, bool skipSpecial) =>
        id < 0 || id >= _model.Tokens.Length || (skipSpecial && IsSpecial(id)) ? null : _model.Tokens[id];

    internal bool IsAdded(int id) => _addedById.ContainsKey(id);

    /// <summary>The added tokens that a text spells anywhere.</summary>
    internal IEnumerable<int> AddedTokensIn(string text) => _model.Added.Where(token => text.Contains(token.Content, StringComparison.Ordinal)).Select(token => token.Id);

    internal bool IsSpecial(int id) => _addedById.TryGetValue(id, out var token) && token.Special;

    /// <summary>Tokenizes a text in which different parts may spell different added tokens.</summary>
    /// <param name="text">The text.</param>
    /// <param name="allowed">True if an added token may stand at the characters [start, end).</param>
    internal IReadOnlyList<Token> Tokenize(string text, Func<AddedToken, int, int, bool> allowed)
    {
        ArgumentNullException.ThrowIfNull(text);
        try
        {
            return Cut(text, allowed);
        }
        catch (Patterns.PatternException exception)
        {
            throw new CheckpointException(_model.Path, $"has a pattern that can't be run on this text: {exception.Message}. Shorten the text, or use a tokenizer with a plainer pattern.", exception);
        }
    }

    private List<Token> Cut(string text, Func<AddedToken, int, int, bool> allowed)
    {
        var tokens = new List<Token>();
        foreach (var part in _asWritten.Find(TextUnit.Split(text), allowed))
        {
            if (part.Token is { } token)
            {
                tokens.Add(new Token(token.Id, part.Units[0].Start, part.Units[^1].End));
            }
            else
            {
                TokenizeNormalized(_model.Normalize(part.Units), allowed, tokens);
            }
        }

        return tokens;
    }

    private void TokenizeNormalized(TextUnit[] units, Func<AddedToken, int, int, bool> allowed, List<Token> tokens)
    {
        foreach (var part in _normalized.Find(units, allowed))
        {
            if (part.Token is { } token)
            {
                tokens.Add(new Token(token.Id, part.Units[0].Start, part.Units[^1].End));
                continue;
            }

            foreach (var word in _model.Split(part.Units))
            {
                _model.Encoder.Encode(word, tokens);
            }
        }
    }
}
