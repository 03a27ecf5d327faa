namespace Jigsaw.Tokenization.Templates;

/// <summary>Characters [Start, End) of a text, in UTF-16 units, with one mark.</summary>
internal readonly record struct MarkRun(int Start, int End, TextMark Mark);
