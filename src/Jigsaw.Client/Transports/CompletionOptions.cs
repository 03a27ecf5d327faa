namespace Jigsaw.Client.Transports;

/// <summary>What is asked of the server. Null leaves a number to the server.</summary>
public sealed record CompletionOptions
{
    /// <summary>The largest number of tokens of a reply. Always sent, since a server's own default may be as low as 16.</summary>
    public int MaxTokens { get; init; } = 1024;

    /// <summary>0 takes the likeliest token each time.</summary>
    public double? Temperature { get; init; }

    /// <summary>The share of probability that tokens are drawn from.</summary>
    public double? TopP { get; init; }

    /// <summary>How many of the likeliest tokens are drawn from.</summary>
    public int? TopK { get; init; }

    /// <summary>Lowers what was said before.</summary>
    public double? FrequencyPenalty { get; init; }

    /// <summary>Lowers what was said before, once.</summary>
    public double? PresencePenalty { get; init; }

    /// <summary>The server's seed for drawing tokens. It has nothing to do with the transform's noise.</summary>
    public long? Seed { get; init; }

    /// <summary>Texts that end a reply.</summary>
    public IReadOnlyList<string> Stop { get; init; } = [];

    /// <summary>Token ids that end a reply, besides those that the server knows.</summary>
    public IReadOnlyList<int> StopTokenIds { get; init; } = [];

    /// <summary>Checks the numbers.</summary>
    /// <exception cref="ArgumentException">A number is out of its range.</exception>
    public void Validate()
    {
        Require(MaxTokens >= 1, nameof(MaxTokens), MaxTokens, "at least 1");
        Require(Temperature is null or (>= 0 and <= 100), nameof(Temperature), Temperature, "null or a number from 0 to 100");
        Require(TopP is null or (> 0 and <= 1), nameof(TopP), TopP, "null or a number above 0, at most 1");
        Require(TopK is null or >= 1, nameof(TopK), TopK, "null or at least 1");
        Require(FrequencyPenalty is null or (>= -2 and <= 2), nameof(FrequencyPenalty), FrequencyPenalty, "null or a number in [-2, 2]");
        Require(PresencePenalty is null or (>= -2 and <= 2), nameof(PresencePenalty), PresencePenalty, "null or a number in [-2, 2]");
        if (Stop.Any(string.IsNullOrEmpty))
        {
            throw new ArgumentException($"{nameof(Stop)} has an empty text, which would end every reply at once; remove it.");
        }
    }

    private static void Require(bool holds, string name, double? value, string rule)
    {
        if (!holds)
        {
            throw new ArgumentException(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{name} is {value}; use {rule}."));
        }
    }
}
