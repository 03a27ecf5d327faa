namespace Jigsaw.Models;

/// <summary>Which modules get low-rank adapters, and of which rank.</summary>
public sealed record LoraConfig
{
    /// <summary>The rank r of the adapters.</summary>
    public int Rank { get; init; } = 8;
}
