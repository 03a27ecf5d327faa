namespace Jigsaw.Models.Families;

/// <summary>Mistral: a sliding window in all layers.</summary>
internal static class Mistral
{
    public static ModelFamily Family { get; } = new() { Name = "mistral", DefaultKeyValueHeadCount = 8, ReadsSlidingWindow = true };
}
