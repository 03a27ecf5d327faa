namespace Jigsaw.Models.Families;

/// <summary>Qwen 3: norms of queries and keys, and a sliding window in later layers when it is switched on.</summary>
internal static class Qwen3
{
    public static ModelFamily Family { get; } = new()
    {
        Name = "qwen3",
        DefaultKeyValueHeadCount = 32,
        DefaultHeadDim = 128,
        ReadsAttentionBias = true,
        QueryKeyNorm = true,
        ReadsSlidingWindow = true,
        DefaultFirstWindowLayer = 28,
    };
}
