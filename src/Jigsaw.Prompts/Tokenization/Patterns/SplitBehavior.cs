namespace Jigsaw.Tokenization.Patterns;

/// <summary>What becomes of the matches of a pattern that cuts a text.</summary>
internal enum SplitBehavior
{
    Removed,
    Isolated,
    MergedWithPrevious,
    MergedWithNext,
    Contiguous,
}
