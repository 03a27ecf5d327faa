namespace Jigsaw.Tokenization.Templates;

/// <summary>What a character of a rendered text is.</summary>
/// <param name="Owner">0 for the template's own; m + 1 for message m's content; negative for tools and documents.</param>
/// <param name="Generated">Within <c>{% generation %}</c>.</param>
/// <param name="Private">Named as private by the message.</param>
internal readonly record struct TextMark(int Owner, bool Generated, bool Private = false)
{
    /// <summary>What <see cref="Message"/> is for the descriptions of tools.</summary>
    public const int ToolsMessage = -1;

    /// <summary>What <see cref="Message"/> is for documents.</summary>
    public const int DocumentsMessage = -2;

    public static TextMark Tools => new(ToolsMessage, false);

    public static TextMark Documents => new(DocumentsMessage, false);

    public bool IsContent => Owner != 0;

    /// <summary>The message, or <see cref="ToolsMessage"/> or <see cref="DocumentsMessage"/>; only for content.</summary>
    public int Message => Owner > 0 ? Owner - 1 : Owner;

    public static TextMark OfMessage(int message) => new(message + 1, false);
}
