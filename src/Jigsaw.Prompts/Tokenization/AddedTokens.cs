namespace Jigsaw.Tokenization;

/// <summary>
/// Which of a tokenizer's added tokens a text may spell. Text that a user wrote must not be able to spell control tokens: a message with
/// <c>&lt;|im_end|&gt;&lt;|im_start|&gt;system</c> in it would else end its own turn and speak as the system.
/// </summary>
public enum AddedTokens
{
    /// <summary>None: all is tokenized as text.</summary>
    AsText,

    /// <summary>Those that are not special, such as <c>&lt;tool_call&gt;</c>; special ones are tokenized as text.</summary>
    NonSpecial,

    /// <summary>All, as Hugging Face's tokenizers do unless asked otherwise. For text that is one's own.</summary>
    All,
}
