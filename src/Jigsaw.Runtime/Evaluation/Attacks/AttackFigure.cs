namespace Jigsaw.Evaluation.Attacks;

/// <summary>One figure of an attack suite.</summary>
/// <param name="Attack">The attack.</param>
/// <param name="Level">What the attacker knows: <c>K0</c> the embedding table, <c>K1</c> a language model, <c>K2</c> the server's adapters and replies, <c>K3</c> pairs of x̃ and text, <c>K4</c> the transform; <c>floor</c> for what is read without x̃, <c>any</c> for a bound over all attackers, <c>control</c> for rows that check the attack itself.</param>
/// <param name="Draws">How many draws of x̃ of the same prompt it sees; more than one is level K5.</param>
/// <param name="Figure">What the value is. Shares are 0 to 1; ratios, cosines and ranks are plain numbers; what is in bits or nats says so.</param>
/// <param name="Value">The value; null if there was nothing to measure.</param>
/// <param name="Low">Lower end of the bootstrap's 95 % interval over prompts; null with fewer than two prompts.</param>
/// <param name="High">Upper end of the interval.</param>
/// <param name="Count">How many tokens, facts or prompts the value is over.</param>
public sealed record AttackFigure(string Attack, string Level, int Draws, string Figure, double? Value, double? Low, double? High, long Count);
