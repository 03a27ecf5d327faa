using Jigsaw.Client.Embeddings;

namespace Jigsaw.Client.Tests;

public sealed class AttentionCacheTests
{
    private const int Features = 6;
    private const int Heads = 3;

    [Fact]
    public void Keys_and_values_of_a_head_lie_beside_each_other_however_the_cache_grew()
    {
        var cache = new AttentionCache(Features, Heads);
        float[] tokens = [10, 20, 30, 40, 50];
        cache.Add(Rows(tokens[..2]), 2);
        cache.Add(Rows(tokens[2..]), 3);
        AssertHolds(cache, tokens);

        cache.Truncate(1);
        cache.Add(Rows([60, 70]), 2);
        AssertHolds(cache, [10, 60, 70]);

        cache.Clear();
        Assert.Equal(0, cache.Count);
        cache.Add(Rows([80]), 1);
        AssertHolds(cache, [80]);
    }

    private static void AssertHolds(AttentionCache cache, float[] tokens)
    {
        Assert.Equal(tokens.Length, cache.Count);
        for (var head = 0; head < Heads; head++)
        {
            var first = 2 * head;
            Assert.Equal(tokens.SelectMany(token => (float[])[token + 6 + first, token + 7 + first]), cache.Keys(head, tokens.Length).ToArray());
            Assert.Equal(tokens.SelectMany(token => (float[])[token + 12 + first, token + 13 + first]), cache.Values(head, tokens.Length).ToArray());
        }
    }

    // Query, key and value of a token are its number and what follows.
    private static float[] Rows(float[] tokens) => [.. tokens.SelectMany(token => Enumerable.Range(0, 3 * Features).Select(i => token + i))];
}
