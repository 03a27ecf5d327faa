namespace Jigsaw.Models.Generation;

/// <summary>How a model goes on from a prompt.</summary>
public sealed record GenerationOptions
{
    /// <summary>The largest number of new tokens.</summary>
    public int MaxNewTokens { get; init; } = 64;

    /// <summary>0 takes the best token each time (greedy); else logits are divided by this and a token is drawn.</summary>
    public double Temperature { get; init; }

    /// <summary>Draws only from this many best tokens; from all when null.</summary>
    public int? TopK { get; init; }

    /// <summary>Draws only from the best tokens that together have this probability; from all when null.</summary>
    public double? TopP { get; init; }

    /// <summary>Seed of the draws.</summary>
    public long Seed { get; init; }

    /// <summary>Tokens that end a reply, which includes them; the model's own when null, none when empty.</summary>
    public IReadOnlyCollection<int>? EndTokens { get; init; }
}
