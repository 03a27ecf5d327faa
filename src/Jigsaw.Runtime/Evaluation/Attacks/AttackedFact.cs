namespace Jigsaw.Evaluation.Attacks;

/// <summary>A private fact of a chat, and where it stands.</summary>
/// <param name="Kind">Its name in the data.</param>
/// <param name="Text">The fact.</param>
/// <param name="Told">True if the reply contains it, case folded.</param>
/// <param name="State">Whether its place is known.</param>
/// <param name="Place">Its first token.</param>
/// <param name="Value">Its tokens.</param>
/// <param name="LeadingSpace">True if its first token begins with a space.</param>
internal sealed record AttackedFact(string Kind, string Text, bool Told, FactState State, int Place, long[] Value, bool LeadingSpace);
