namespace Jigsaw.Client;

/// <summary>How many bytes a conversation holds, which is also in a total as long as it belongs to one. Its lock is held for a moment only, so a total can be read while the conversation computes.</summary>
internal sealed class HeldBytes
{
    private readonly Lock _lock = new();
    private long _count;
    private HeldBytesTotal? _total;

    /// <summary>The bytes.</summary>
    public long Count
    {
        get
        {
            lock (_lock)
            {
                return _count;
            }
        }
    }

    /// <summary>Says how many there are now.</summary>
    public void Set(long count)
    {
        lock (_lock)
        {
            _total?.Add(count - _count);
            _count = count;
        }
    }

    /// <summary>Counts them in a total, and in no other.</summary>
    /// <param name="total">The total; null for none.</param>
    public void BelongTo(HeldBytesTotal? total)
    {
        lock (_lock)
        {
            _total?.Add(-_count);
            (_total = total)?.Add(_count);
        }
    }
}
