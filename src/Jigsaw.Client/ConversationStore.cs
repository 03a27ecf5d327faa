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
    private readonly Dictionary<string, LinkedList<(string Key, Conversation Conversation)>> _callers = new(StringComparer.Ordinal);
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
                return _callers.Values.Sum(list => list.Count);
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
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            var key = Key(messages);
            if (!_callers.TryGetValue(caller, out var list))
            {
                _callers.Add(caller, list = new());
            }

            var node = list.First;
            while (node is not null && node.Value.Key != key)
            {
                node = node.Next;
            }

            if (node is null)
            {
                node = new((key, new Conversation()));
            }
            else
            {
                list.Remove(node);
            }

            list.AddFirst(node);
            while (list.Count > 1 && (list.Count > _most || list.Sum(held => held.Conversation.ByteCount) > _mostBytes))
            {
                // Not disposed of: a request may be using it.
                list.RemoveLast();
            }

            KeepCache(node.Value.Conversation);
            return node.Value.Conversation;
        }
    }

    /// <summary>Forgets all conversations.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            foreach (var (_, conversation) in _callers.Values.SelectMany(list => list))
            {
                conversation.Dispose();
            }

            _callers.Clear();
            _withCache.Clear();
            CryptographicOperations.ZeroMemory(_key);
            _disposed = true;
        }
    }

    private void KeepCache(Conversation conversation)
    {
        _withCache.Remove(conversation);
        _withCache.AddFirst(conversation);
        if (_withCache.Count > MostWithCache)
        {
            var last = _withCache.Last!.Value;
            _withCache.RemoveLast();

            // It may be computing: that one is waited for elsewhere.
            _ = Task.Run(last.DropCache);
        }
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
}
