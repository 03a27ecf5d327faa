using System.Globalization;
using Jigsaw.Checkpoints;
using Jigsaw.Tokenization;

namespace Jigsaw.Data;

/// <summary>Tokenizes rows of training data, and says of which row it was that it could not.</summary>
/// <param name="tokenizer">Makes ids and masks.</param>
internal sealed class RowTokenizer(NoiseTokenizer tokenizer)
{
    private readonly TemplateFields _fields = new(tokenizer.Tokenizer.ChatTemplate);

    /// <summary>A sentence about fields that the template doesn't read; null if there is none.</summary>
    public string? Note => _fields.Unread.Describe() is { } fields ? $"Fields that the chat template doesn't read, with their rows: {fields}." : null;

    /// <summary>Tokenizes a row.</summary>
    /// <param name="chat">The row.</param>
    /// <param name="name">What it is called where it is of no file.</param>
    /// <exception cref="ChatDataException">The template can't render it, or nothing of it is transformed.</exception>
    public TokenizedChat Tokenize(ChatExample chat, long name)
    {
        try
        {
            _fields.Check(chat);
            return tokenizer.TokenizeRow(chat.Messages, chat.Tools, chat.Documents, chat.TemplateArguments);
        }
        catch (Exception exception) when (exception is ArgumentException or FormatException or CheckpointException)
        {
            throw new ChatDataException(chat.Path ?? "The data", chat.Place ?? string.Create(CultureInfo.InvariantCulture, $"chat {name}"), $"can't be tokenized: {exception.Message.TrimEnd('.')}.", exception);
        }
    }

    /// <summary>The first token that a position before it predicts and that counts in the loss; -1 if there is none.</summary>
    public static int FirstCounted(TokenizedChat chat)
    {
        for (var i = 1; i < chat.Counts.Count; i++)
        {
            if (chat.Counts[i])
            {
                return i;
            }
        }

        return -1;
    }
}
