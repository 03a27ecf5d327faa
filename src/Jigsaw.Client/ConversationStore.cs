using System.Security.Cryptography;
using System.Text;
using Jigsaw.Tokenization;

namespace Jigsaw.Client;

/// <summary>
/// Conversations of a service whose callers send the whole history with each turn. A conversation is found again by its caller and by its messages up to the first that is not a system's: what comes behind may
/// change, since <see cref="Conversation"/> compares tokens. Each caller has a share of his own, of which the longest unused conversation goes first, so nobody makes another's rows be forgotten and drawn anew.
/// Held in memory alone, under hashes of a key that the process makes.
/// </summary>
public sealed class ConversationStore : IDisposable
{
    // Keys and values are four to eight times as large as the rows, and can be computed again.
    private const int MostWithCache = 16;

    private readonly byte[] _key = RandomNumberGenerator.GetBytes(32);
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Caller> _callers = new(StringComparer.Ordinal);
    private readonly LinkedList<Conversation> _withCache = new();
    private readonly int _most;
    private readonly long _mostBytes;
    private bool _disposed;

    /// <summary>Makes an empty store.</summary>
    /// <param name="mostConversations">How many conversations of one caller are remembered.</param>
    /// <param name="mostBytes">How many bytes the rows of one caller may take.</param>
    /// <exception cref="ArgumentOutOfRangeException">One is less than 1.</exception>
    public ConversationStore(int mostConversations = 1000, long mostBytes = 1L << 30)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(mostConversations, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(mostBytes, 1);
        (_most, _mostBytes) = (mostConversations, mostBytes);
    }

    /// <summary>Conversations that are remembered.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _callers.Values.Sum(caller => caller.Used.Count);
            }
        }
    }

    /// <summary>The conversation that a history belongs to; a new one if there is none yet.</summary>
    /// <param name="caller">Who sends it: two callers share no conversation, so neither learns from equal rows that the other said the same.</param>
    /// <param name="messages">The history.</param>
    /// <exception cref="ObjectDisposedException">The store is disposed.</exception>
    public Conversation Of(string caller, IReadOnlyList<ChatMessage> messages)
    {
        ArgumentNullException.ThrowIfNull(caller);
        ArgumentNullException.ThrowIfNull(messages);
        var key = Key(messages);
        Conversation conversation;
        Conversation? dropped;
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (!_callers.TryGetValue(caller, out var held))
            {
                _callers.Add(caller, held = new Caller());
            }

            conversation = held.Find(key);
            while (held.Used.Count > 1 && (held.Used.Count > _most || held.Bytes.Count > _mostBytes))
            {
                held.RemoveLast();
            }

            dropped = KeepCache(conversation);
        }

        if (dropped?.TryDropCache() == false)
        {
            // It is computing: that is waited for elsewhere.
            _ = Task.Run(dropped.DropCache);
        }

        return conversation;
    }

    /// <summary>Forgets all conversations.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            foreach (var (_, conversation) in _callers.Values.SelectMany(caller => caller.Used))
            {
                conversation.Dispose();
            }

            _callers.Clear();
            _withCache.Clear();
            CryptographicOperations.ZeroMemory(_key);
            _disposed = true;
        }
    }

    /// <summary>Marks a conversation as the last one used, and gives the one whose keys and values are too many now.</summary>
    private Conversation? KeepCache(Conversation conversation)
    {
        _withCache.Remove(conversation);
        _withCache.AddFirst(conversation);
        if (_withCache.Count <= MostWithCache)
        {
            return null;
        }

        var last = _withCache.Last!.Value;
        _withCache.RemoveLast();
        return last;
    }

    private string Key(IReadOnlyList<ChatMessage> messages)
    {
        using var hash = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, _key);
        void Add(string text)
        {
            var bytes = Encoding.UTF8.GetBytes(text);
            hash.AppendData(BitConverter.GetBytes(bytes.Length));
            hash.AppendData(bytes);
        }

        foreach (var message in messages)
        {
            Add(message.Role);
            Add(message.Content ?? "");
            if (message.Role is not ("system" or "developer"))
            {
                break;
            }
        }

        return Convert.ToHexString(hash.GetHashAndReset());
    }

    /// <summary>The conversations of one caller, the last used first.</summary>
    private sealed class Caller
    {
        private readonly Dictionary<string, LinkedListNode<(string Key, Conversation Conversation)>> _nodes = new(StringComparer.Ordinal);

        public LinkedList<(string Key, Conversation Conversation)> Used { get; } = new();

        public HeldBytesTotal Bytes { get; } = new();

        public Conversation Find(string key)
        {
            if (_nodes.TryGetValue(key, out var node))
            {
                Used.Remove(node);
            }
            else
            {
                node = new((key, new Conversation()));
                node.Value.Conversation.Bytes.BelongTo(Bytes);
                _nodes.Add(key, node);
            }

            Used.AddFirst(node);
            return node.Value.Conversation;
        }

        public void RemoveLast()
        {
            // Not disposed of: a request may be using it.
            var (key, conversation) = Used.Last!.Value;
            conversation.Bytes.BelongTo(null);
            _nodes.Remove(key);
            Used.RemoveLast();
        }
    }
}
