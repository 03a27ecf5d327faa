using Jigsaw.Batches;
using static TorchSharp.torch;

namespace Jigsaw.Transforms;

/// <summary>
/// What was sent of a conversation. A chat sends its beginning again with each turn, and fresh noise on the same text averages away: n draws leave σ/√n. With a memory
/// <see cref="StainedGlassTransform.Apply(TokenBatch, ConversationMemory)"/> sends each row that it sent before once more, bit for bit, and draws noise for new rows only.
/// That is sound because μ and σ of a token depend on nothing behind it.
/// </summary>
/// <remarks>
/// A row is known by all tokens up to it and which of them are noised, without padding. From the first difference on rows are new; the old ones stay known, so a turn that is
/// withdrawn and sent again is the same too. A memory is for one conversation, transform and dtype, in one process; turns of several threads wait for each other.
/// It holds x̃ of every token on the transform's device, once more for each place where the conversation was changed, in at most 16 versions: the longest unused is forgotten, and would get fresh noise. The idea is the permanent response of RAPPOR, arXiv 1407.6981.
/// </remarks>
public sealed class ConversationMemory : IDisposable
{
    private readonly Lock _turn = new();
    private readonly SentVersions<long, Tensor> _versions = new(rows => rows.Dispose());
    private object? _owner;
    private string _description = "";
    private bool _disposed;

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

    /// <summary>Frees what is remembered.</summary>
    public void Dispose()
    {
        lock (_turn)
        {
            _versions.Clear();
            _disposed = true;
        }
    }

    /// <summary>Binds the memory to the first transform that it is used with.</summary>
    /// <param name="owner">What makes a transform the same: its parameters.</param>
    /// <param name="features">Features of its rows.</param>
    /// <param name="type">The dtype that is sent.</param>
    /// <exception cref="ArgumentException">The memory is another transform's.</exception>
    internal void Require(object owner, long features, ScalarType type)
    {
        lock (_turn)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            var description = $"{features} features in {type}";
            if (_owner is not null && (!ReferenceEquals(_owner, owner) || _description != description))
            {
                throw new ArgumentException($"The memory holds rows of another transform or dtype ({_description}) than this one ({description}); a conversation stays with one transform, so begin it anew with a new ConversationMemory.");
            }

            (_owner, _description) = (owner, description);
        }
    }

    /// <summary>The rows of a conversation's tokens: those that were sent before, and fresh ones, which are remembered.</summary>
    /// <param name="tokens">The conversation.</param>
    /// <param name="fresh">x̃ of the tokens from a place on, shape (tokens, features).</param>
    /// <returns>Shape (tokens, features); in the caller's dispose scope.</returns>
    internal Tensor Send(ConversationTokens tokens, Func<int, Tensor> fresh)
    {
        lock (_turn)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            var from = _versions.Find(tokens.Ids, tokens.Noised);

            // A handle of the caller's own, which another thread's turn doesn't free.
            return (from.Version is { } sent && from.Known == tokens.Count ? sent.Rows : Add(tokens, from.Version?.Rows, from, fresh(from.Known))).narrow(0, 0, tokens.Count);
        }
    }

    private Tensor Add(ConversationTokens tokens, Tensor? sent, (SentVersions<long, Tensor>.Version? Version, int Known) from, Tensor fresh)
    {
        var rows = (sent is null ? fresh : cat([sent.narrow(0, 0, from.Known), fresh])).DetachFromDisposeScope();
        _versions.Keep(new(tokens.Ids, tokens.Noised, rows), from);
        return rows;
    }
}
