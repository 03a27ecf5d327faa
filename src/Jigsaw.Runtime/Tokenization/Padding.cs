namespace Jigsaw.Tokenization;

/// <summary>How sequences of different lengths become one batch.</summary>
public enum Padding
{
    /// <summary>To the longest of the batch.</summary>
    Longest,

    /// <summary>To the maximum length.</summary>
    MaxLength,

    /// <summary>Not at all: sequences of different lengths are an error.</summary>
    None,
}
