namespace Jigsaw.Models.Generation;

/// <summary>How a model continues a prompt.</summary>
public sealed record GenerationOptions
{
    /// <summary>The largest number of new tokens.</summary>
    public int MaxNewTokens { get; init; } = 64;

    /// <summary>0 takes the best token each time (greedy); otherwise logits are divided by this and a token is drawn.</summary>
    public double Temperature { get; init; }

    /// <summary>Draws only from this many best tokens; null draws from all.</summary>
    public int? TopK { get; init; }

    /// <summary>Draws only from the best tokens that together have this probability; null draws from all.</summary>
    public double? TopP { get; init; }

    /// <summary>Seed of the draws.</summary>
    public long Seed { get; init; }

    /// <summary>Ends the generation before its next token.</summary>
    public CancellationToken Cancellation { get; init; }

    /// <summary>Tokens that end a reply, which includes them; null for the model's own, empty for none.</summary>
    public IReadOnlyCollection<int>? EndTokens { get; init; }
}
