using System.Security.Cryptography;
using Jigsaw.Client.Embeddings;
using Jigsaw.Transforms;

namespace Jigsaw.Client;

/// <summary>
/// What was sent of a conversation. A chat sends its beginning again with each turn, and fresh noise on the same text averages away: n draws leave σ/√n. With a conversation
/// <see cref="PromptTransform"/> sends each row that it sent before once more, byte for byte, draws noise for new rows only, and computes only these.
/// That is sound because μ and σ of a token depend on nothing behind it.
/// </summary>
/// <remarks>
/// A row is known by all tokens up to it and which of them are noised. From the first difference on rows are new; the old ones stay known, so a turn that is withdrawn and sent
/// again is the same too, in at most 16 versions. A conversation belongs to one transform and one type; calls of several threads wait for each other. The idea is the permanent response of RAPPOR, arXiv 1407.6981.
/// </remarks>
public sealed class Conversation : IDisposable
{
    private readonly Lock _turn = new();
    private readonly SentVersions<int, byte[]> _versions = new(Array.Clear);
    private readonly HeldBytes _bytes = new();
    private object? _owner;
    private AttentionCache? _cache;
    private int[] _cached = [];
    private bool _disposed;

    /// <summary>256 random bits, in base64.</summary>
    internal string CacheSalt { get; } = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));

    /// <summary>Tokens that are remembered, of the longest version of the conversation.</summary>
    public int TokenCount
    {
        get
        {
            lock (_turn)
            {
                return _versions.TokenCount;
            }
        }
    }

    /// <summary>Forgets what was sent.</summary>
    public void Dispose()
    {
        lock (_turn)
        {
            _versions.Clear();
            _bytes.Set(0);
            _cache?.Clear();
            _disposed = true;
        }
    }

    /// <summary>Bytes of the rows that are remembered.</summary>
    internal HeldBytes Bytes => _bytes;

    /// <summary>Frees keys and values, which the next turn computes again.</summary>
    internal void DropCache()
    {
        lock (_turn)
        {
            _cache?.Clear();
            _cached = [];
        }
    }

    /// <summary>Frees keys and values if nobody computes with them.</summary>
    internal bool TryDropCache()
    {
        if (!_turn.TryEnter())
        {
            return false;
        }

        try
        {
            DropCache();
            return true;
        }
        finally
        {
            _turn.Exit();
        }
    }

    /// <summary>The rows of the conversation's tokens: those that were sent before, and fresh ones, which are remembered.</summary>
    /// <param name="owner">The transform.</param>
    /// <param name="newCache">Makes the conversation's cache of keys and values.</param>
    /// <param name="ids">All tokens.</param>
    /// <param name="noised">Which of them the transform changes.</param>
    /// <param name="rowBytes">Bytes of a row.</param>
    /// <param name="fresh">Computes the rows from a place on: the cache holds keys and values of the tokens before the place that is given first, the rows begin at the second, and go into the memory.</param>
    /// <returns>The rows, and how many of them are fresh.</returns>
    internal (byte[] Rows, int Fresh) Send(object owner, Func<AttentionCache> newCache, int[] ids, bool[] noised, int rowBytes, Action<AttentionCache, int, int, Memory<byte>> fresh)
    {
        lock (_turn)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if ((_owner ??= owner) != owner)
            {
                throw new ArgumentException("The conversation was begun with another transform, whose rows it holds; begin it anew with a new Conversation.");
            }

            var from = _versions.Find(ids, noised);
            var known = from.Known;
            if (known == ids.Length)
            {
                return (from.Version!.Rows[..(known * rowBytes)], 0);
            }

            _cache ??= newCache();
            var computed = Math.Min(known, _cached.AsSpan().CommonPrefixLength(ids));
            _cache.Truncate(computed);
            _cached = [];
            var rows = GC.AllocateUninitializedArray<byte>(ids.Length * rowBytes);
            from.Version?.Rows.AsSpan(0, known * rowBytes).CopyTo(rows);
            fresh(_cache, computed, known, rows.AsMemory(known * rowBytes));
            _cached = ids;
            _versions.Keep(new(ids, noised, rows), from);
            _bytes.Set(_versions.Rows.Sum(held => (long)held.Length));
            return ([.. rows], ids.Length - known);
        }
    }
}
