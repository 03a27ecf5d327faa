namespace Jigsaw.Models.Families;

/// <summary>Llama 2 and 3, and models built like them, such as SmolLM.</summary>
internal static class Llama
{
    public static ModelFamily Family { get; } = new() { Name = "llama", ReadsAttentionBias = true, ReadsFeedForwardBias = true };
}
