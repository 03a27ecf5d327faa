namespace Jigsaw.Tokenization;

/// <summary>A token that is found in the text before anything else is done with it.</summary>
internal sealed record AddedToken(int Id, string Content, bool Special, bool Normalized, bool StripsLeft, bool StripsRight, bool SingleWord);
