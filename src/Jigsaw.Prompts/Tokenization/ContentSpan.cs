using Jigsaw.Tokenization.Templates;

namespace Jigsaw.Tokenization;

/// <summary>Where a rendered chat holds content: the characters [Start, End).</summary>
/// <param name="Message">Which message it is of, counted from 0; <see cref="Tools"/> or <see cref="Documents"/> for the descriptions of tools and for documents.</param>
/// <param name="Start">First character.</param>
/// <param name="End">Character after the last.</param>
public readonly record struct ContentSpan(int Message, int Start, int End)
{
    /// <summary>What <see cref="Message"/> is for the descriptions of tools.</summary>
    public const int Tools = TextMark.ToolsMessage;

    /// <summary>What <see cref="Message"/> is for documents.</summary>
    public const int Documents = TextMark.DocumentsMessage;
}
