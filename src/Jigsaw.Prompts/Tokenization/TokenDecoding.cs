namespace Jigsaw.Tokenization;

/// <summary>How tokens become text again.</summary>
/// <param name="ByteLevel">Whether tokens are bytes in their printable disguise.</param>
/// <param name="ByteFallback">Whether tokens like &lt;0xE2&gt; are bytes.</param>
/// <param name="Replacements">Texts replaced in every token, in order.</param>
/// <param name="StripLeft">How many leading spaces are dropped from the whole.</param>
internal sealed record TokenDecoding(bool ByteLevel, bool ByteFallback, IReadOnlyList<(string Pattern, string Content)> Replacements, int StripLeft)
{
    /// <summary>What is dropped from the first token, wherever in it; nothing when null.</summary>
    public string? DroppedFromFirst { get; init; }
}
