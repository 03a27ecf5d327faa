namespace Jigsaw.Evaluation.Attacks;

/// <summary>What one reader got from transformed prompts. It is what this reader got, not a bound on what others could.</summary>
/// <param name="Reader">The reader's name.</param>
/// <param name="Tokens">Share of the transformed tokens that it read right, 0 to 1.</param>
/// <param name="TokensInTopTen">Share of the transformed tokens that are among its ten best candidates.</param>
/// <param name="Facts">Share of the private facts that occur verbatim in what it recovered.</param>
/// <param name="TokenCount">Transformed tokens.</param>
/// <param name="FactCount">Private facts.</param>
public sealed record InversionAttackReport(string Reader, double Tokens, double TokensInTopTen, double Facts, long TokenCount, long FactCount);
