namespace Jigsaw.Evaluation.Attacks;

/// <summary>What one inversion attack recovered from transformed prompts. It is what this attack recovered, not a bound on what others could.</summary>
public sealed record InversionAttackReport
{
    /// <summary>The attack's name.</summary>
    public required string Attack { get; init; }

    /// <summary>What the attacker knows beside x̃.</summary>
    public required string Knowledge { get; init; }

    /// <summary>Share of the transformed tokens that it recovered, 0 to 1; null without transformed tokens.</summary>
    public required double? TokenAccuracy { get; init; }

    /// <summary>Share of the transformed tokens that are among its ten best candidates, 0 to 1; null without transformed tokens.</summary>
    public required double? TopTenAccuracy { get; init; }

    /// <summary>Share of the private facts that stand verbatim in what it recovered, 0 to 1; null without private facts.</summary>
    public required double? FactRecall { get; init; }

    /// <summary>Transformed tokens.</summary>
    public required long TokenCount { get; init; }

    /// <summary>Private facts that the transformed text contains.</summary>
    public required long FactCount { get; init; }
}
