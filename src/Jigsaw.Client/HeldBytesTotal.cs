namespace Jigsaw.Client;

/// <summary>How many bytes several conversations hold together.</summary>
internal sealed class HeldBytesTotal
{
    private long _count;

    /// <summary>The bytes.</summary>
    public long Count => Interlocked.Read(ref _count);

    /// <summary>Adds bytes.</summary>
    public void Add(long count) => Interlocked.Add(ref _count, count);
}
