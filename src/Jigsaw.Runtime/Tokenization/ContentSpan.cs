namespace Jigsaw.Tokenization;

/// <summary>Where a rendered chat holds a message's content: the characters [Start, End).</summary>
/// <param name="Message">Which message, counted from 0.</param>
/// <param name="Start">First character.</param>
/// <param name="End">Character after the last.</param>
public readonly record struct ContentSpan(int Message, int Start, int End);
