using System.Security.Cryptography;
using Jigsaw.Client.Embeddings;

namespace Jigsaw.Client;

/// <summary>
/// What was sent of a conversation. A chat sends its beginning again with each turn, and fresh noise on the same text averages away: n draws leave σ/√n. With a conversation
/// <see cref="PromptTransform"/> sends each row that it sent before once more, byte for byte, draws noise for new rows only, and computes only these.
/// That is sound because μ and σ of a token depend on nothing behind it.
/// </summary>
/// <remarks>
/// A row is known by all tokens up to it and which of them are noised. From the first difference on rows are new; the old ones stay known, so a turn that is withdrawn and sent
/// again is the same too. A conversation belongs to one transform and one type; calls of several threads wait for each other. The idea is the permanent response of RAPPOR, arXiv 1407.6981.
/// </remarks>
public sealed class Conversation : IDisposable
{
    // Versions of one conversation; the oldest is forgotten, and would get fresh noise.
    private const int MostBranches = 16;

    private readonly Lock _turn = new();
    private readonly List<Branch> _branches = [];
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
                return _branches.Count == 0 ? 0 : _branches.Max(branch => branch.Ids.Length);
            }
        }
    }

    /// <summary>Forgets what was sent.</summary>
    public void Dispose()
    {
        lock (_turn)
        {
            _branches.ForEach(branch => Array.Clear(branch.Rows));
            _branches.Clear();
            _cache?.Clear();
            _disposed = true;
        }
    }

    /// <summary>Bytes of the rows that are remembered.</summary>
    internal long ByteCount
    {
        get
        {
            lock (_turn)
            {
                return _branches.Sum(branch => (long)branch.Rows.Length);
            }
        }
    }

    /// <summary>Frees keys and values, which the next turn computes again.</summary>
    internal void DropCache()
    {
        lock (_turn)
        {
            _cache?.Clear();
            _cached = [];
        }
    }

    /// <summary>The rows of the conversation's tokens: those that were sent before, and fresh ones, which are remembered.</summary>
    /// <param name="owner">The transform.</param>
    /// <param name="features">Features of a row.</param>
    /// <param name="ids">All tokens.</param>
    /// <param name="noised">Which of them the transform changes.</param>
    /// <param name="rowBytes">Bytes of a row.</param>
    /// <param name="fresh">Computes the rows from a place on: the cache holds keys and values of the tokens before the place that is given first, the rows begin at the second.</param>
    /// <returns>The rows, and how many of them are fresh.</returns>
    internal (byte[] Rows, int Fresh) Send(object owner, int features, int[] ids, bool[] noised, int rowBytes, Func<AttentionCache, int, int, byte[]> fresh)
    {
        lock (_turn)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if ((_owner ??= owner) != owner)
            {
                throw new ArgumentException("The conversation was begun with another transform, whose rows it holds; begin it anew with a new Conversation.");
            }

            var (best, known) = (-1, 0);
            for (var i = 0; i < _branches.Count; i++)
            {
                if (_branches[i].CommonWith(ids, noised) is var common && common > known)
                {
                    (best, known) = (i, common);
                }
            }

            if (best >= 0)
            {
                // The version that is used goes last: the longest unused is forgotten first.
                var used = _branches[best];
                _branches.RemoveAt(best);
                _branches.Add(used);
                best = _branches.Count - 1;
            }

            if (known == ids.Length)
            {
                return (_branches[best].Rows[..(known * rowBytes)], 0);
            }

            _cache ??= new AttentionCache(features);
            var computed = Math.Min(known, _cached.AsSpan().CommonPrefixLength(ids));
            _cache.Truncate(computed);
            _cached = [];
            var added = fresh(_cache, computed, known);
            _cached = ids;
            var rows = new byte[ids.Length * rowBytes];
            if (known > 0)
            {
                _branches[best].Rows.AsSpan(0, known * rowBytes).CopyTo(rows);
            }

            added.CopyTo(rows, known * rowBytes);
            var branch = new Branch(ids, noised, rows);
            if (best >= 0 && known == _branches[best].Ids.Length)
            {
                _branches[best] = branch;
            }
            else
            {
                _branches.Add(branch);
            }

            if (_branches.Count > MostBranches)
            {
                _branches.RemoveAt(0);
            }

            return ([.. rows], ids.Length - known);
        }
    }

    private sealed record Branch(int[] Ids, bool[] Noised, byte[] Rows)
    {
        public int CommonWith(int[] ids, bool[] noised) => Math.Min(Ids.AsSpan().CommonPrefixLength(ids), Noised.AsSpan().CommonPrefixLength(noised));
    }
}
