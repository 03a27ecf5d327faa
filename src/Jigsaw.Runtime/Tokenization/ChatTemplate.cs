using System.Text;
using Jigsaw.Checkpoints;

namespace Jigsaw.Tokenization;

/// <summary>How a conversation becomes one text. Supported is the ChatML template.</summary>
public sealed class ChatTemplate
{
    private const string ChatMLSource =
        "{%formessageinmessages%}{{'<|im_start|>'+message['role']+'\n'+message['content']+'<|im_end|>'+'\n'}}{%endfor%}{%ifadd_generation_prompt%}{{'<|im_start|>assistant\n'}}{%endif%}";

    private readonly string _generationPrompt;

    private ChatTemplate(string generationPrompt)
    {
        _generationPrompt = generationPrompt;
    }

    /// <summary>Reads a template.</summary>
    /// <param name="path">The file it stands in, for messages.</param>
    /// <param name="source">The template.</param>
    /// <exception cref="CheckpointException">It is not one that Jigsaw runs.</exception>
    public static ChatTemplate Parse(string path, string source)
    {
        ArgumentNullException.ThrowIfNull(source);
        return Bare(source.Replace("\\n", "\n", StringComparison.Ordinal)) == Bare(ChatMLSource)
            ? new ChatTemplate("<|im_start|>assistant\n")
            : throw new CheckpointException(path, "has a chat template other than ChatML, which is the only one supported.");

        static string Bare(string text) => text.Replace(" ", string.Empty, StringComparison.Ordinal);
    }

    /// <summary>Renders a conversation.</summary>
    /// <param name="messages">The conversation.</param>
    /// <param name="addGenerationPrompt">Whether the text ends with what comes before a reply.</param>
    /// <param name="continueFinalMessage">Whether the text ends with the last message's content, for the model to go on from there.</param>
    /// <exception cref="ArgumentException">There is no message, or both a prompt for a reply and a message to continue are asked for.</exception>
    public RenderedChat Render(IReadOnlyList<ChatMessage> messages, bool addGenerationPrompt = false, bool continueFinalMessage = false)
    {
        ArgumentNullException.ThrowIfNull(messages);
        if (messages.Count == 0)
        {
            throw new ArgumentException("The conversation has no message; give at least one.", nameof(messages));
        }

        if (addGenerationPrompt && continueFinalMessage)
        {
            throw new ArgumentException("A prompt for a reply and a final message to continue don't go together; ask for one of them.", nameof(continueFinalMessage));
        }

        var text = new StringBuilder();
        var contents = new List<ContentSpan>();
        for (var i = 0; i < messages.Count; i++)
        {
            text.Append("<|im_start|>").Append(messages[i].Role).Append('\n');
            contents.Add(new ContentSpan(i, text.Length, text.Length + messages[i].Content.Length));
            text.Append(messages[i].Content);
            if (!continueFinalMessage || i < messages.Count - 1)
            {
                text.Append("<|im_end|>\n");
            }
        }

        if (addGenerationPrompt)
        {
            text.Append(_generationPrompt);
        }

        return new RenderedChat(text.ToString(), contents);
    }
}
