namespace Jigsaw.Models.Families;

/// <summary>Qwen 2 and 2.5: biases of queries, keys and values, and a sliding window in later layers when it is switched on.</summary>
internal static class Qwen2
{
    public static ModelFamily Family { get; } = new()
    {
        Name = "qwen2",
        DefaultKeyValueHeadCount = 32,
        AlwaysQueryKeyValueBias = true,
        ReadsSlidingWindow = true,
        DefaultFirstWindowLayer = 28,
    };
}
