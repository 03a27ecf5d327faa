using System.Buffers;

namespace Jigsaw.Client.Embeddings;

/// <summary>Keys and values of a conversation's tokens, so its next turn costs its new tokens alone. Those of a head lie beside each other, as attention reads them.</summary>
/// <param name="features">Features of a token.</param>
/// <param name="heads">Heads, which divide the features.</param>
internal sealed class AttentionCache(int features, int heads)
{
    private readonly int _size = features / heads;
    private float[] _keys = [];
    private float[] _values = [];
    private int _capacity;

    /// <summary>Tokens that it has.</summary>
    public int Count { get; private set; }

    /// <summary>A head's keys of the first tokens.</summary>
    public ReadOnlySpan<float> Keys(int head, int count) => _keys.AsSpan(head * _capacity * _size, count * _size);

    /// <summary>A head's values of the first tokens.</summary>
    public ReadOnlySpan<float> Values(int head, int count) => _values.AsSpan(head * _capacity * _size, count * _size);

    /// <summary>Adds keys and values.</summary>
    /// <param name="qkv">Query, key and value of each token, 3 · features numbers.</param>
    /// <param name="rows">Tokens.</param>
    public void Add(ReadOnlySpan<float> qkv, int rows)
    {
        Reserve(Count + rows);
        for (var row = 0; row < rows; row++, Count++)
        {
            for (var head = 0; head < heads; head++)
            {
                var (from, to) = ((3 * row * features) + (head * _size), ((head * _capacity) + Count) * _size);
                qkv.Slice(from + features, _size).CopyTo(_keys.AsSpan(to));
                qkv.Slice(from + (2 * features), _size).CopyTo(_values.AsSpan(to));
            }
        }
    }

    /// <summary>Forgets what is behind a place.</summary>
    public void Truncate(int count) => Count = Math.Min(Count, count);

    /// <summary>Forgets everything, and leaves no number in memory.</summary>
    public void Clear()
    {
        Return(_keys);
        Return(_values);
        (_keys, _values, _capacity, Count) = ([], [], 0, 0);
    }

    private static void Return(float[] numbers)
    {
        if (numbers.Length > 0)
        {
            ArrayPool<float>.Shared.Return(numbers, clearArray: true);
        }
    }

    private void Reserve(int count)
    {
        if (_capacity >= count)
        {
            return;
        }

        var capacity = Math.Max(count, Math.Min(2 * Count, int.MaxValue / features));
        _keys = Moved(_keys);
        _values = Moved(_values);
        _capacity = capacity;

        float[] Moved(float[] numbers)
        {
            var moved = ArrayPool<float>.Shared.Rent(checked(capacity * features));
            for (var head = 0; head < heads; head++)
            {
                numbers.AsSpan(head * _capacity * _size, Count * _size).CopyTo(moved.AsSpan(head * capacity * _size));
            }

            Return(numbers);
            return moved;
        }
    }
}
