namespace Jigsaw.Transforms;

/// <summary>
/// What was sent of one conversation, in each of its versions. A row is known by all tokens up to it and which of them are noised; from the first difference on rows are new, and the old ones stay known.
/// At most <see cref="Most"/> versions are kept: the longest unused is forgotten first, and would get fresh noise. For one thread at a time.
/// </summary>
/// <typeparam name="TId">A token id.</typeparam>
/// <typeparam name="TRows">The rows of a version.</typeparam>
/// <param name="forget">Frees rows that are no longer kept.</param>
internal sealed class SentVersions<TId, TRows>(Action<TRows> forget)
    where TId : unmanaged, IEquatable<TId>
{
    /// <summary>The most versions.</summary>
    public const int Most = 16;

    private readonly List<Version> _versions = [];

    /// <summary>Tokens of the longest version.</summary>
    public int TokenCount => _versions.Count == 0 ? 0 : _versions.Max(version => version.Ids.Length);

    /// <summary>The rows of all versions.</summary>
    public IEnumerable<TRows> Rows => _versions.Select(version => version.Rows);

    /// <summary>The version that begins with most of a conversation's tokens, and how many. It counts as used if it is sent again or goes on.</summary>
    public (Version? Version, int Known) Find(ReadOnlySpan<TId> ids, ReadOnlySpan<bool> noised)
    {
        var (best, known) = (-1, 0);
        for (var i = 0; i < _versions.Count; i++)
        {
            if (_versions[i].CommonWith(ids, noised) is var common && common > known)
            {
                (best, known) = (i, common);
            }
        }

        if (best < 0)
        {
            return (null, 0);
        }

        var found = _versions[best];
        if (known == ids.Length || known == found.Ids.Length)
        {
            // It is sent again, or goes on; where only the beginning is shared, it stays as old as it is.
            _versions.RemoveAt(best);
            _versions.Add(found);
        }

        return (found, known);
    }

    /// <summary>Keeps what was sent now: in the place of a version that it goes on from, or beside it.</summary>
    /// <param name="sent">The conversation with all its rows.</param>
    /// <param name="from">What <see cref="Find"/> gave, with nothing kept in between.</param>
    public void Keep(Version sent, (Version? Version, int Known) from)
    {
        if (from.Version is { } before && from.Known == before.Ids.Length)
        {
            _versions.Remove(before);
            forget(before.Rows);
        }

        _versions.Add(sent);
        if (_versions.Count > Most)
        {
            forget(_versions[0].Rows);
            _versions.RemoveAt(0);
        }
    }

    /// <summary>Forgets all.</summary>
    public void Clear()
    {
        _versions.ForEach(version => forget(version.Rows));
        _versions.Clear();
    }

    /// <summary>A version of the conversation.</summary>
    /// <param name="ids">Its tokens.</param>
    /// <param name="noised">Which of them the transform changes.</param>
    /// <param name="rows">What was sent of them.</param>
    internal sealed class Version(TId[] ids, bool[] noised, TRows rows)
    {
        public TId[] Ids => ids;

        public TRows Rows => rows;

        public int CommonWith(ReadOnlySpan<TId> otherIds, ReadOnlySpan<bool> otherNoised) => Math.Min(otherIds.CommonPrefixLength(ids), otherNoised.CommonPrefixLength(noised));
    }
}
