using System.Text.Json;
using Jigsaw.Checkpoints;
using Jigsaw.Tokenization.Patterns;
using Jigsaw.Tokenization.Unicode;

namespace Jigsaw.Tokenization;

/// <summary>Reads tokenizer.json of Hugging Face's tokenizers. What Jigsaw doesn't run exactly is an error that names it.</summary>
internal sealed class TokenizerReader(string path)
{
    private const int MaximumTokens = 4_000_000;
    /// <summary>What \w is to the engine that this pre-tokenizer has in Hugging Face's library, which is not Oniguruma.</summary>
    private const string RustWord = @"\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\x{200C}\x{200D}";

    private const int MaximumInsertion = 64;
    private const int MaximumStrip = 1000;

    private bool _byteLevel;

    public TokenizerModel Read()
    {
        try
        {
            return JsonFile.Read(path, root => Read(new JsonFields(path, root)));
        }
        catch (ArgumentException exception)
        {
            throw new CheckpointException(path, $"is not a tokenizer.json that Jigsaw understands ({ArgumentSentence.Of(exception)})", exception);
        }
    }

    private TokenizerModel Read(JsonFields root)
    {
        var split = root.Object("pre_tokenizer") is { } preTokenizer ? Split(preTokenizer) : units => [units];
        var normalize = root.Object("normalizer") is { } normalizer ? Normalizer(normalizer) : units => units;
        var model = root.Object("model") ?? throw new CheckpointException(path, "has no 'model'; it is not a tokenizer.json.");
        var vocabulary = Vocabulary(model);
        var added = Added(root);
        var tokens = Tokens(vocabulary, added);
        return new TokenizerModel
        {
            Path = path,
            Encoder = Encoder(model, vocabulary),
            Normalize = normalize,
            Split = split,
            Added = added,
            Frame = root.Object("post_processor") is { } processor ? Frame(processor) : ([], []),
            Tokens = tokens,
            Decoding = root.Object("decoder") is { } decoder ? Decoding(decoder) : new TokenDecoding(false, false, [], 0),
        };
    }

    private BytePairEncoder Encoder(JsonFields model, Dictionary<string, int> vocabulary)
    {
        if (model.Text("type") is not ("BPE" or null))
        {
            throw model.Unsupported("type", "only BPE is.");
        }

        foreach (var name in new[] { "dropout", "continuing_subword_prefix", "end_of_word_suffix" })
        {
            if (model.Find(name) is { } value && value.ToString() is not ("" or "0" or "0.0"))
            {
                throw model.Unsupported(name, "use a tokenizer without it.");
            }
        }

        return new BytePairEncoder(vocabulary, Merges(model, vocabulary))
        {
            ByteLevel = _byteLevel,
            ByteFallback = model.Flag("byte_fallback") ?? false,
            IgnoreMerges = model.Flag("ignore_merges") ?? false,
            UnknownToken = model.Text("unk_token") is { } unknown && vocabulary.TryGetValue(unknown, out var id) ? id : null,
            FuseUnknown = model.Flag("fuse_unk") ?? false,
        };
    }

    private Dictionary<string, int> Vocabulary(JsonFields model)
    {
        var vocabulary = new Dictionary<string, int>(StringComparer.Ordinal);
        if (model.Find("vocab") is not { ValueKind: JsonValueKind.Object } entries)
        {
            throw new CheckpointException(path, "has no 'vocab' of tokens and their ids; only BPE tokenizers are supported.");
        }

        foreach (var entry in entries.EnumerateObject())
        {
            vocabulary[entry.Name] = Id(entry.Value);
        }

        return vocabulary;
    }

    private Dictionary<(int, int), (int, int)> Merges(JsonFields model, Dictionary<string, int> vocabulary)
    {
        var merges = new Dictionary<(int, int), (int, int)>();
        if (model.Find("merges") is not { ValueKind: JsonValueKind.Array } entries)
        {
            throw new CheckpointException(path, "has no 'merges'; only BPE tokenizers are supported.");
        }

        var rank = 0;
        foreach (var entry in entries.EnumerateArray())
        {
            var (left, right) = Pair(entry);
            if (!vocabulary.TryGetValue(left, out var leftId) || !vocabulary.TryGetValue(right, out var rightId) || !vocabulary.TryGetValue(left + right, out var merged))
            {
                throw new CheckpointException(path, $"merges '{left}' and '{right}', which are not all in its vocabulary; fetch it again.");
            }

            merges[(leftId, rightId)] = (rank++, merged);
        }

        return merges;
    }

    /// <summary>Merges are pairs, or in older files texts with a space between.</summary>
    private (string Left, string Right) Pair(JsonElement entry)
    {
        if (entry.ValueKind == JsonValueKind.Array && entry.GetArrayLength() == 2 && entry[0].ValueKind == JsonValueKind.String && entry[1].ValueKind == JsonValueKind.String)
        {
            return (entry[0].GetString()!, entry[1].GetString()!);
        }

        if (entry.ValueKind == JsonValueKind.String && entry.GetString() is { } text && text.IndexOf(' ', StringComparison.Ordinal) is > 0 and var space && space < text.Length - 1)
        {
            return (text[..space], text[(space + 1)..]);
        }

        throw new CheckpointException(path, $"has the merge {entry.GetRawText()}, which is not a pair; fetch it again.");
    }

    private List<AddedToken> Added(JsonFields root)
    {
        var added = new List<AddedToken>();
        if (root.Find("added_tokens") is { ValueKind: JsonValueKind.Array } entries)
        {
            foreach (var entry in entries.EnumerateArray())
            {
                var token = new JsonFields(path, entry);
                var content = token.Text("content");
                if (string.IsNullOrEmpty(content))
                {
                    continue;
                }

                var special = token.Flag("special") ?? false;
                added.Add(new AddedToken(
                    Id(token.Find("id") ?? throw new CheckpointException(path, $"gives the added token '{content}' no id; fetch it again.")),
                    content,
                    special,
                    token.Flag("normalized") ?? !special,
                    token.Flag("lstrip") ?? false,
                    token.Flag("rstrip") ?? false,
                    token.Flag("single_word") ?? false));
            }
        }

        return added;
    }

    private int Id(JsonElement value) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var id) && id is >= 0 and < MaximumTokens
            ? id
            : throw new CheckpointException(path, $"has the token id {value.GetRawText()}, which is not a whole number from 0 to {MaximumTokens - 1}; fetch it again.");

    private static string?[] Tokens(Dictionary<string, int> vocabulary, List<AddedToken> added)
    {
        var tokens = new string?[vocabulary.Values.Concat(added.Select(token => token.Id)).DefaultIfEmpty(-1).Max() + 1];
        foreach (var (token, id) in vocabulary)
        {
            tokens[id] = token;
        }

        foreach (var token in added)
        {
            tokens[token.Id] = token.Content;
        }

        return tokens;
    }

    private Func<TextUnit[], TextUnit[]> Normalizer(JsonFields normalizer) => Type(normalizer, "normalizer") switch
    {
        "Sequence" => Normalizers.Sequence([.. Parts(normalizer, "normalizers").Select(Normalizer)], () => new CheckpointException(path, "has normalizers that make a text more than 64 times as long; fetch it again.")),
        "NFC" => Normalizers.Unicode(compatible: false, composed: true),
        "NFD" => Normalizers.Unicode(compatible: false, composed: false),
        "NFKC" => Normalizers.Unicode(compatible: true, composed: true),
        "NFKD" => Normalizers.Unicode(compatible: true, composed: false),
        "Lowercase" => Normalizers.Lowercase(),
        "StripAccents" => Normalizers.StripAccents(),
        "Strip" => Normalizers.Strip(normalizer.Flag("strip_left") ?? true, normalizer.Flag("strip_right") ?? true),
        "Prepend" => Normalizers.Prepend(Bounded(normalizer, "prepend")),
        "Replace" when Regex(normalizer) is { } regex => Normalizers.Replace(regex, Bounded(normalizer, "content")),
        "Replace" => Normalizers.Replace(PlainPattern(normalizer), Bounded(normalizer, "content")),
        _ => throw normalizer.Unsupported("type", "the normalizers NFC, NFD, NFKC, NFKD, Lowercase, Strip, StripAccents, Prepend, Replace and Sequence are."),
    };

    private Func<TextUnit[], IEnumerable<TextUnit[]>> Split(JsonFields splitter)
    {
        switch (Type(splitter, "pre-tokenizer"))
        {
            case "Sequence":
                return PreTokenizers.Sequence([.. Parts(splitter, "pretokenizers").Select(Split)]);
            case "Digits":
                return PreTokenizers.Digits(splitter.Flag("individual_digits") ?? false);
            case "ByteLevel":
                _byteLevel = true;
                return PreTokenizers.ByteLevel(splitter.Flag("add_prefix_space") ?? true, splitter.Flag("use_regex") ?? true);
            case "Split":
                var isInverted = splitter.Flag("invert") ?? false;
                return Regex(splitter) is { } regex
                    ? PreTokenizers.Split(regex, Behavior(splitter, null), isInverted)
                    : PreTokenizers.Split(PlainPattern(splitter), Behavior(splitter, null), isInverted);
            case "Punctuation":
                return PreTokenizers.Split(PreTokenizers.IsPunctuation, Behavior(splitter, SplitBehavior.Isolated));
            case "Whitespace":
                return PreTokenizers.Split(new CodePointPattern($@"[{RustWord}]+|[^{RustWord}\s]+"), SplitBehavior.Removed, isInverted: true);
            case "WhitespaceSplit":
                return PreTokenizers.Split(PreTokenizers.IsSpace, SplitBehavior.Removed);
            case "CharDelimiterSplit":
                return PreTokenizers.Split(Needed(splitter, "delimiter"), SplitBehavior.Removed, isInverted: false);
            case "Metaspace":
                // "first" means the piece that begins the whole text; "always", every piece between added tokens too.
                var scheme = splitter.Text("prepend_scheme") ?? (splitter.Flag("add_prefix_space") == false ? "never" : "always");
                return scheme is "always" or "first" or "never"
                    ? PreTokenizers.Metaspace(Replacement(splitter), scheme, splitter.Flag("split") ?? true)
                    : throw splitter.Unsupported("prepend_scheme", "always, first and never are.");
            default:
                throw splitter.Unsupported("type", "the pre-tokenizers Digits, ByteLevel, Split, Punctuation, Whitespace, WhitespaceSplit, CharDelimiterSplit, Metaspace and Sequence are.");
        }
    }

    private static SplitBehavior Behavior(JsonFields splitter, SplitBehavior? otherwise) => splitter.Text("behavior") switch
    {
        null when otherwise is { } behavior => behavior,
        "Removed" => SplitBehavior.Removed,
        "Isolated" => SplitBehavior.Isolated,
        "MergedWithPrevious" => SplitBehavior.MergedWithPrevious,
        "MergedWithNext" => SplitBehavior.MergedWithNext,
        "Contiguous" => SplitBehavior.Contiguous,
        null => throw new CheckpointException(splitter.Path, "has a Split without 'behavior'; fetch it again."),
        _ => throw splitter.Unsupported("behavior", "Removed, Isolated, MergedWithPrevious, MergedWithNext and Contiguous are."),
    };

    private static string Replacement(JsonFields fields) => fields.Text("replacement") switch
    {
        null => "\u2581",
        { Length: > 0 } text when TextUnit.Split(text).Length == 1 => text,
        _ => throw fields.Wrong("replacement", "one character"),
    };

    private string Type(JsonFields component, string kind) => component.Text("type") ?? throw new CheckpointException(path, $"has a {kind} without 'type'; fetch it again.");

    /// <summary>A text that is put in, of a length that can't fill the memory.</summary>
    private string Bounded(JsonFields fields, string name) =>
        Needed(fields, name) is var text && text.Length <= MaximumInsertion ? text : throw fields.Wrong(name, $"a text of at most {MaximumInsertion} characters");

    private CodePointPattern? Regex(JsonFields fields)
    {
        if (fields.Object("pattern")?.Text("Regex") is not { } pattern)
        {
            return null;
        }

        try
        {
            return new CodePointPattern(pattern);
        }
        catch (PatternException exception)
        {
            throw new CheckpointException(path, $"has the pattern '{pattern}', which can't be run as Oniguruma runs it: {exception.Message}. Use a tokenizer with a plainer pattern.", exception);
        }
    }

    private (IReadOnlyList<int>, IReadOnlyList<int>) Frame(JsonFields processor)
    {
        switch (Type(processor, "post-processor"))
        {
            case "ByteLevel":
                return ([], []);
            case "Sequence":
                var frames = Parts(processor, "processors").Select(Frame).ToArray();
                return ([.. frames.Reverse().SelectMany(frame => frame.Item1)], [.. frames.SelectMany(frame => frame.Item2)]);
            case "TemplateProcessing":
                return Template(processor);
            case "RobertaProcessing" or "BertProcessing":
                return ([Special(processor, "cls")], [Special(processor, "sep")]);
            default:
                throw processor.Unsupported("type", "the post-processors TemplateProcessing, RobertaProcessing, BertProcessing, ByteLevel and Sequence are.");
        }
    }

    /// <summary>The id of a pair of a token and its id.</summary>
    private int Special(JsonFields processor, string name) => processor.Find(name) is { ValueKind: JsonValueKind.Array } pair && pair.GetArrayLength() == 2
        ? Id(pair[1])
        : throw new CheckpointException(path, $"lacks the pair '{name}' of a token and its id; fetch it again.");

    private (IReadOnlyList<int>, IReadOnlyList<int>) Template(JsonFields processor)
    {
        var special = processor.Object("special_tokens");
        var (before, after) = (new List<int>(), new List<int>());
        var inFront = true;
        foreach (var part in Parts(processor, "single"))
        {
            if (part.Object("SpecialToken") is { } token)
            {
                var ids = special?.Object(Needed(token, "id"))?.Integers("ids") ?? throw new CheckpointException(path, "puts a special token around a text that it doesn't define; fetch it again.");
                (inFront ? before : after).AddRange(ids);
            }
            else
            {
                inFront = false;
            }
        }

        return (before, after);
    }

    private TokenDecoding Decoding(JsonFields decoder)
    {
        switch (Type(decoder, "decoder"))
        {
            case "ByteLevel":
                return new TokenDecoding(true, false, [], 0);
            case "Metaspace":
                var prepended = (decoder.Text("prepend_scheme") ?? (decoder.Flag("add_prefix_space") == false ? "never" : "always")) != "never";
                return new TokenDecoding(false, false, [(Replacement(decoder), " ")], 0) { DroppedFromFirst = prepended ? Replacement(decoder) : null };
            case "ByteFallback":
                return new TokenDecoding(false, true, [], 0);
            case "Fuse":
                return new TokenDecoding(false, false, [], 0);
            case "Replace":
                return new TokenDecoding(false, false, [(PlainPattern(decoder), Needed(decoder, "content"))], 0);
            case "Strip" when decoder.Text("content") == " " && decoder.Integer("stop") is null or 0:
                return decoder.Integer("start") is null or (>= 0 and <= MaximumStrip)
                    ? new TokenDecoding(false, false, [], decoder.Integer("start") ?? 0)
                    : throw decoder.Wrong("start", $"a whole number from 0 to {MaximumStrip}");
            case "Sequence":
                var parts = Parts(decoder, "decoders").Select(Decoding).ToArray();
                return new TokenDecoding(parts.Any(part => part.ByteLevel), parts.Any(part => part.ByteFallback), [.. parts.SelectMany(part => part.Replacements)], parts.Sum(part => part.StripLeft)) { DroppedFromFirst = parts.Select(part => part.DroppedFromFirst).FirstOrDefault(dropped => dropped is not null) };
            default:
                throw decoder.Unsupported("type", "the decoders ByteLevel, Metaspace, ByteFallback, Fuse, Replace of plain texts, Strip of leading spaces and Sequence are.");
        }
    }

    private IEnumerable<JsonFields> Parts(JsonFields fields, string name) =>
        fields.Find(name) is { ValueKind: JsonValueKind.Array } parts
            ? parts.EnumerateArray().Select(part => new JsonFields(path, part))
            : throw new CheckpointException(path, $"has a Sequence without '{name}'; fetch it again.");

    private string Needed(JsonFields fields, string name) =>
        fields.Text(name) ?? throw new CheckpointException(path, $"lacks the field '{name}' of a {fields.Text("type")}; fetch it again.");

    private static string PlainPattern(JsonFields fields) =>
        fields.Object("pattern")?.Text("String") is { Length: > 0 } text ? text : throw fields.Unsupported("pattern", "a plain text is.");
}
