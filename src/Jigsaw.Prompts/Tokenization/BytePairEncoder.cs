using System.Collections.Concurrent;
using System.Text;
using Jigsaw.Tokenization.Unicode;

namespace Jigsaw.Tokenization;

/// <summary>Byte pair encoding as Hugging Face's tokenizers have it: over bytes in their printable disguise, or over characters with a fallback to bytes.</summary>
/// <remarks>arXiv 1508.07909; the disguise of bytes is GPT-2's.</remarks>
internal sealed class BytePairEncoder
{
    private const int CachedLength = 64;
    private const int CacheCapacity = 20_000;
    private const int Gone = -1;

    private static readonly char[] _disguise = Disguise();

    private readonly Dictionary<string, int> _vocabulary;
    private readonly Dictionary<(int Left, int Right), (int Rank, int Merged)> _merges;
    private readonly ConcurrentDictionary<string, Piece[]> _cache = new(StringComparer.Ordinal);

    public BytePairEncoder(Dictionary<string, int> vocabulary, Dictionary<(int Left, int Right), (int Rank, int Merged)> merges)
    {
        _vocabulary = vocabulary;
        _merges = merges;
    }

    /// <summary>True if text is encoded as bytes in their printable disguise.</summary>
    public required bool ByteLevel { get; init; }

    /// <summary>True if an unknown character becomes tokens like &lt;0xE2&gt;.</summary>
    public required bool ByteFallback { get; init; }

    /// <summary>True if a word that is a token as it stands is taken as one.</summary>
    public required bool IgnoreMerges { get; init; }

    /// <summary>What an unknown character becomes; it is left out when null.</summary>
    public required int? UnknownToken { get; init; }

    /// <summary>True if unknown characters side by side become one token.</summary>
    public required bool FuseUnknown { get; init; }

    /// <summary>The byte that a character of a byte-level token stands for, or -1.</summary>
    public static int ByteOf(char disguised) => Array.IndexOf(_disguise, disguised);

    public void Encode(ReadOnlySpan<TextUnit> word, List<Token> tokens)
    {
        var symbols = ByteLevel ? Bytes(word) : Characters(word);
        if (symbols.Length == 0)
        {
            return;
        }

        var text = string.Concat(symbols.Select(symbol => symbol.Text));
        Piece[] pieces;
        if (symbols.Length > CachedLength)
        {
            pieces = Merge(text, symbols);
        }
        else if (!_cache.TryGetValue(text, out pieces!))
        {
            pieces = Merge(text, symbols);
            if (_cache.Count < CacheCapacity)
            {
                _cache.TryAdd(text, pieces);
            }
        }

        foreach (var piece in pieces)
        {
            tokens.Add(new Token(piece.Id, symbols[piece.First].Start, symbols[piece.Last].End));
        }
    }

    private static Symbol[] Bytes(ReadOnlySpan<TextUnit> word)
    {
        var symbols = new List<Symbol>(word.Length);
        Span<byte> bytes = stackalloc byte[4];
        foreach (var unit in word)
        {
            var count = new Rune(unit.CodePoint).EncodeToUtf8(bytes);
            foreach (var value in bytes[..count])
            {
                symbols.Add(new Symbol(_disguise[value].ToString(), unit.Start, unit.End));
            }
        }

        return [.. symbols];
    }

    private static Symbol[] Characters(ReadOnlySpan<TextUnit> word)
    {
        var symbols = new Symbol[word.Length];
        for (var i = 0; i < symbols.Length; i++)
        {
            symbols[i] = new Symbol(char.ConvertFromUtf32(word[i].CodePoint), word[i].Start, word[i].End);
        }

        return symbols;
    }

    private Piece[] Merge(string text, Symbol[] symbols)
    {
        if (IgnoreMerges && _vocabulary.TryGetValue(text, out var whole))
        {
            return [new Piece(whole, 0, symbols.Length - 1)];
        }

        var pieces = Start(symbols);
        var next = new int[pieces.Count];
        var previous = new int[pieces.Count];
        var queue = new PriorityQueue<(int Left, int Right, int LeftId, int RightId), (int Rank, int Left)>();
        for (var i = 0; i < pieces.Count; i++)
        {
            next[i] = i + 1;
            previous[i] = i - 1;
            Propose(i - 1, i);
        }

        while (queue.TryDequeue(out var pair, out _))
        {
            // A pair that has changed since it was proposed is out of date.
            if (next[pair.Left] != pair.Right || pieces[pair.Left].Id != pair.LeftId || pieces[pair.Right].Id != pair.RightId)
            {
                continue;
            }

            pieces[pair.Left] = new Piece(_merges[(pair.LeftId, pair.RightId)].Merged, pieces[pair.Left].First, pieces[pair.Right].Last);
            next[pair.Left] = next[pair.Right];
            next[pair.Right] = Gone;
            if (next[pair.Left] < pieces.Count)
            {
                previous[next[pair.Left]] = pair.Left;
            }

            Propose(previous[pair.Left], pair.Left);
            Propose(pair.Left, next[pair.Left]);
        }

        return [.. pieces.Where((_, i) => next[i] != Gone)];

        void Propose(int left, int right)
        {
            if (left >= 0 && right < pieces.Count && _merges.TryGetValue((pieces[left].Id, pieces[right].Id), out var merge))
            {
                queue.Enqueue((left, right, pieces[left].Id, pieces[right].Id), (merge.Rank, left));
            }
        }
    }

    private List<Piece> Start(Symbol[] symbols)
    {
        var pieces = new List<Piece>(symbols.Length);
        var fusing = false;
        for (var i = 0; i < symbols.Length; i++)
        {
            var text = symbols[i].Text;
            if (_vocabulary.TryGetValue(text, out var id))
            {
                pieces.Add(new Piece(id, i, i));
                fusing = false;
            }
            else if (ByteFallback && Fallback(text) is { } bytes)
            {
                pieces.AddRange(bytes.Select(value => new Piece(value, i, i)));
                fusing = false;
            }
            else if (UnknownToken is { } unknown)
            {
                if (fusing && FuseUnknown)
                {
                    pieces[^1] = pieces[^1] with { Last = i };
                }
                else
                {
                    pieces.Add(new Piece(unknown, i, i));
                }

                fusing = true;
            }
        }

        return pieces;
    }

    private int[]? Fallback(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var ids = new int[bytes.Length];
        for (var i = 0; i < bytes.Length; i++)
        {
            if (!_vocabulary.TryGetValue($"<0x{bytes[i]:X2}>", out ids[i]))
            {
                return null;
            }
        }

        return ids;
    }

    private static char[] Disguise()
    {
        var disguise = new char[256];
        var next = 256;
        for (var value = 0; value < disguise.Length; value++)
        {
            var printable = value is (>= '!' and <= '~') or (>= '\u00A1' and <= '\u00AC') or (>= '\u00AE' and <= '\u00FF');
            disguise[value] = printable ? (char)value : (char)next++;
        }

        return disguise;
    }

    private readonly record struct Symbol(string Text, int Start, int End);

    /// <summary>A token over the symbols First to Last.</summary>
    private readonly record struct Piece(int Id, int First, int Last);
}
