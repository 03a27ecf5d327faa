namespace Jigsaw.Tokenization;

/// <summary>Where padding stands.</summary>
public enum PaddingSide
{
    /// <summary>Behind the text, as is usual in training.</summary>
    Right,

    /// <summary>Before the text, so that all texts end in the same column and can be continued.</summary>
    Left,
}
