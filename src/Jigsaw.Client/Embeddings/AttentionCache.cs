namespace Jigsaw.Client.Embeddings;

/// <summary>Keys and values of a conversation's tokens, so its next turn costs its new tokens alone.</summary>
/// <param name="features">Features of a token.</param>
internal sealed class AttentionCache(int features)
{
    private float[] _keys = [];
    private float[] _values = [];

    /// <summary>Tokens that it has.</summary>
    public int Count { get; private set; }

    /// <summary>Keys, <see cref="Count"/> · features numbers.</summary>
    public ReadOnlyMemory<float> Keys => _keys.AsMemory(0, Count * features);

    /// <summary>Values, <see cref="Count"/> · features numbers.</summary>
    public ReadOnlyMemory<float> Values => _values.AsMemory(0, Count * features);

    /// <summary>Adds keys and values.</summary>
    /// <param name="qkv">Query, key and value of each token, 3 · features numbers.</param>
    /// <param name="rows">Tokens.</param>
    public void Add(ReadOnlySpan<float> qkv, int rows)
    {
        Reserve(Count + rows);
        for (var row = 0; row < rows; row++, Count++)
        {
            qkv.Slice(((3 * row) + 1) * features, features).CopyTo(_keys.AsSpan(Count * features));
            qkv.Slice(((3 * row) + 2) * features, features).CopyTo(_values.AsSpan(Count * features));
        }
    }

    /// <summary>Forgets what is behind a place.</summary>
    public void Truncate(int count) => Count = Math.Min(Count, count);

    /// <summary>Forgets everything, and leaves no number in memory.</summary>
    public void Clear()
    {
        Array.Clear(_keys);
        Array.Clear(_values);
        (_keys, _values, Count) = ([], [], 0);
    }

    private void Reserve(int count)
    {
        if (_keys.Length >= (long)count * features)
        {
            return;
        }

        var length = checked(Math.Max(count, Math.Min(2 * Count, int.MaxValue / features)) * features);
        Array.Resize(ref _keys, length);
        Array.Resize(ref _values, length);
    }
}
