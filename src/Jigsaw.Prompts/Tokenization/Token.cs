namespace Jigsaw.Tokenization;

/// <summary>A token and the characters of the text that it came from: [Start, End) in UTF-16 units. A token for a part of a character has that whole character; one that the tokenizer put in has none (Start = End).</summary>
/// <param name="Id">The token's id.</param>
/// <param name="Start">First character.</param>
/// <param name="End">Character after the last.</param>
public readonly record struct Token(int Id, int Start, int End);
