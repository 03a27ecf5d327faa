using System.Security.Cryptography;
using System.Text;
using Jigsaw.Tokenization;

namespace Jigsaw.Client;

/// <summary>
/// Conversations of a service whose callers send the whole history with each turn. A conversation is found again by its caller and by its messages up to the first of a user: what comes behind may change,
/// since <see cref="Conversation"/> compares tokens. The longest unused goes first. Held in memory alone, under hashes of a key that the process makes.
/// </summary>
public sealed class ConversationStore : IDisposable
{
    private readonly byte[] _key = RandomNumberGenerator.GetBytes(32);
    private readonly Lock _lock = new();
    private readonly Dictionary<string, LinkedListNode<(string Key, Conversation Conversation)>> _known = new(StringComparer.Ordinal);
    private readonly LinkedList<(string Key, Conversation Conversation)> _order = new();
    private readonly int _most;

    /// <summary>Makes an empty store.</summary>
    /// <param name="mostConversations">How many conversations are remembered.</param>
    /// <exception cref="ArgumentOutOfRangeException">It is less than 1.</exception>
    public ConversationStore(int mostConversations = 1000)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(mostConversations, 1);
        _most = mostConversations;
    }

    /// <summary>Conversations that are remembered.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _known.Count;
            }
        }
    }

    /// <summary>The conversation that a history belongs to; a new one if there is none yet.</summary>
    /// <param name="caller">Who sends it: two callers share no conversation, so neither learns from equal rows that the other said the same.</param>
    /// <param name="messages">The history.</param>
    public Conversation Of(string caller, IReadOnlyList<ChatMessage> messages)
    {
        ArgumentNullException.ThrowIfNull(caller);
        ArgumentNullException.ThrowIfNull(messages);
        var key = Key(caller, messages);
        lock (_lock)
        {
            if (_known.TryGetValue(key, out var node))
            {
                _order.Remove(node);
                _order.AddFirst(node);
                return node.Value.Conversation;
            }

            var conversation = new Conversation();
            _known.Add(key, _order.AddFirst((key, conversation)));
            if (_known.Count > _most)
            {
                // Not disposed of: a request may be using it.
                _known.Remove(_order.Last!.Value.Key);
                _order.RemoveLast();
            }

            return conversation;
        }
    }

    /// <summary>Forgets all conversations.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            foreach (var (_, conversation) in _order)
            {
                conversation.Dispose();
            }

            _order.Clear();
            _known.Clear();
            CryptographicOperations.ZeroMemory(_key);
        }
    }

    private string Key(string caller, IReadOnlyList<ChatMessage> messages)
    {
        using var hash = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, _key);
        void Add(string text)
        {
            var bytes = Encoding.UTF8.GetBytes(text);
            hash.AppendData(BitConverter.GetBytes(bytes.Length));
            hash.AppendData(bytes);
        }

        Add(caller);
        foreach (var message in messages)
        {
            Add(message.Role);
            Add(message.Content ?? "");
            if (message.Role == "user")
            {
                break;
            }
        }

        return Convert.ToHexString(hash.GetHashAndReset());
    }
}
