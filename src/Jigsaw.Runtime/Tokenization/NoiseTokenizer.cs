using System.Text.Json;
using Jigsaw.Batches;
using static TorchSharp.torch;

namespace Jigsaw.Tokenization;

/// <summary>Makes batches of conversations: token ids with the attention mask, the noise mask and the loss mask that training and transform need.</summary>
public sealed class NoiseTokenizer
{
    private readonly ChatEncoder _encoder;

    /// <summary>Wraps a tokenizer.</summary>
    /// <param name="tokenizer">The tokenizer.</param>
    /// <param name="device">Where batches go; the CPU when null.</param>
    public NoiseTokenizer(Tokenizer tokenizer, Device? device = null)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        _encoder = new ChatEncoder(tokenizer);
        Tokenizer = tokenizer;
        Device = device ?? CPU;
    }

    /// <summary>The tokenizer.</summary>
    public Tokenizer Tokenizer { get; }

    /// <summary>Where batches go.</summary>
    public Device Device { get; }

    /// <summary>
    /// Which added tokens contents may spell. By default (null) none in what anybody but the assistant says, and in what the assistant says
    /// those that are neither special nor written by the template itself: a message that spells <c>&lt;|im_end|&gt;</c> would else end its
    /// own turn. The template's own text may spell all.
    /// </summary>
    public AddedTokens? ContentTokens { get; init; }

    /// <summary>Where padding stands: right for training, left to generate.</summary>
    public PaddingSide PaddingSide { get; init; } = PaddingSide.Right;

    /// <summary>
    /// Roles whose messages' contents the transform changes; those of all when null. What a model answers in plain text in use should be
    /// plain in training: name the roles that the prompt is made of, such as <c>["user"]</c>, where conversations end with a reply.
    /// <see cref="ChatEncoder.ToolsRole"/> stands for the descriptions of tools, <see cref="ChatEncoder.DocumentsRole"/> for documents.
    /// </summary>
    public IReadOnlyCollection<string>? NoiseRoles { get; init; }

    /// <summary>Renders conversations with the tokenizer's chat template and makes one batch of them.</summary>
    /// <param name="conversations">The conversations, at least one.</param>
    /// <param name="addGenerationPrompt">Whether each ends with what comes before a reply.</param>
    /// <param name="continueFinalMessage">Whether each ends with its last message's content, for the model to go on from there.</param>
    /// <param name="padding">How they become equally long.</param>
    /// <param name="truncation">Whether what is longer than <paramref name="maxLength"/> is cut at its end.</param>
    /// <param name="maxLength">The largest number of tokens; none when null.</param>
    /// <param name="ignorePromptLoss">Whether only what the assistant says counts in the loss: what is within the template's <c>{% generation %}</c>; where it has none, the tokens of the assistant's contents, and the token that ends each message.</param>
    /// <param name="transformAllTokens">Whether the noise mask has the template's own tokens too.</param>
    /// <param name="tools">Descriptions of the tools that the model may call, as JSON schemas; none when null.</param>
    /// <param name="documents">Documents that the model may read; none when null.</param>
    /// <param name="arguments">Further variables of the template, such as <c>enable_thinking</c>; they are the template's own text, not content.</param>
    /// <exception cref="InvalidOperationException">The tokenizer has no chat template.</exception>
    /// <exception cref="ArgumentException">No conversation, or lengths that don't fit what was asked for.</exception>
    public TokenBatch ApplyChatTemplate(
        IReadOnlyList<IReadOnlyList<ChatMessage>> conversations,
        bool addGenerationPrompt = false,
        bool continueFinalMessage = false,
        Padding padding = Padding.Longest,
        bool truncation = false,
        int? maxLength = null,
        bool ignorePromptLoss = false,
        bool transformAllTokens = false,
        IReadOnlyList<JsonElement>? tools = null,
        IReadOnlyList<JsonElement>? documents = null,
        IReadOnlyDictionary<string, object?>? arguments = null)
    {
        ArgumentNullException.ThrowIfNull(conversations);
        var chats = conversations.Select(conversation => Tokenize(conversation, addGenerationPrompt, continueFinalMessage, ignorePromptLoss, transformAllTokens, tools, documents, arguments));
        return ToBatch([.. chats], padding, truncation, maxLength);
    }

    /// <summary>Renders and tokenizes one conversation, on the host: what <see cref="ToBatch"/> takes.</summary>
    /// <param name="messages">The conversation.</param>
    /// <param name="addGenerationPrompt">Whether it ends with what comes before a reply.</param>
    /// <param name="continueFinalMessage">Whether it ends with its last message's content.</param>
    /// <param name="ignorePromptLoss">Whether only what the assistant says counts in the loss.</param>
    /// <param name="transformAllTokens">Whether the noise mask has the template's own tokens too.</param>
    /// <param name="tools">Descriptions of the tools that the model may call, as JSON schemas; none when null.</param>
    /// <param name="documents">Documents that the model may read; none when null.</param>
    /// <param name="arguments">Further variables of the template, such as <c>enable_thinking</c>; they are the template's own text, not content.</param>
    /// <exception cref="InvalidOperationException">The tokenizer has no chat template.</exception>
    public TokenizedChat Tokenize(
        IReadOnlyList<ChatMessage> messages,
        bool addGenerationPrompt = false,
        bool continueFinalMessage = false,
        bool ignorePromptLoss = false,
        bool transformAllTokens = false,
        IReadOnlyList<JsonElement>? tools = null,
        IReadOnlyList<JsonElement>? documents = null,
        IReadOnlyDictionary<string, object?>? arguments = null) =>
        new ChatEncoder(_encoder) { ContentTokens = ContentTokens, NoiseRoles = NoiseRoles }.Encode(messages, addGenerationPrompt, continueFinalMessage, ignorePromptLoss, transformAllTokens, tools, documents, arguments);

    /// <summary>Tokenizes a row of training data, of which nothing may count.</summary>
    internal TokenizedChat TokenizeRow(IReadOnlyList<ChatMessage> messages, IReadOnlyList<JsonElement>? tools, IReadOnlyList<JsonElement>? documents, IReadOnlyDictionary<string, object?>? arguments) =>
        new ChatEncoder(_encoder) { ContentTokens = ContentTokens, NoiseRoles = NoiseRoles, MayCountNothing = true }.Encode(messages, ignorePromptLoss: true, tools: tools, documents: documents, arguments: arguments);

    /// <summary>Pads tokenized conversations into one batch. The loss mask is moved to the positions that predict the tokens that count.</summary>
    /// <param name="chats">The conversations, at least one.</param>
    /// <param name="padding">How they become equally long.</param>
    /// <param name="truncation">Whether what is longer than <paramref name="maxLength"/> is cut at its end.</param>
    /// <param name="maxLength">The largest number of tokens; none when null.</param>
    /// <exception cref="ArgumentException">No conversation, or lengths that don't fit what was asked for.</exception>
    public TokenBatch ToBatch(IReadOnlyList<TokenizedChat> chats, Padding padding = Padding.Longest, bool truncation = false, int? maxLength = null)
    {
        ArgumentNullException.ThrowIfNull(chats);
        if (chats.Count == 0)
        {
            throw new ArgumentException("There is no conversation to make a batch of; give at least one.");
        }

        var sequence = SequenceLength(chats, padding, truncation, maxLength);
        var size = chats.Count * sequence;
        var ids = new long[size];
        var (attention, loss, noise) = (new bool[size], new bool[size], new bool[size]);
        var inReply = chats.All(chat => chat.InReply.Count == chat.Ids.Count) ? new bool[size] : [];
        var isPrivate = chats.All(chat => chat.Private.Count == chat.Ids.Count) ? new bool[size] : [];
        Array.Fill(ids, Tokenizer.PadId);
        for (var row = 0; row < chats.Count; row++)
        {
            var chat = chats[row];
            var length = Math.Min(chat.Ids.Count, sequence);
            var first = (row * sequence) + (PaddingSide == PaddingSide.Left ? sequence - length : 0);
            for (var i = 0; i < length; i++)
            {
                ids[first + i] = chat.Ids[i];
                attention[first + i] = true;
                loss[first + i] = i + 1 < length && chat.Counts[i + 1];
                noise[first + i] = chat.Noise[i];
                if (inReply.Length > 0)
                {
                    inReply[first + i] = chat.InReply[i];
                }

                if (isPrivate.Length > 0)
                {
                    isPrivate[first + i] = chat.Private[i];
                }
            }
        }

        if (Array.IndexOf(loss, true) < 0 && sequence > 1 && chats.Any(chat => chat.Counts.Count > sequence && chat.Counts.Contains(true)))
        {
            throw new ArgumentException($"Truncation to maxLength = {maxLength} cuts off every token that counts in the loss; raise maxLength, or leave the conversation out.");
        }

        return new TokenBatch(ids, attention, loss, noise, chats.Count, sequence, Device, inReply, isPrivate);
    }

    private static int SequenceLength(IReadOnlyList<TokenizedChat> chats, Padding padding, bool truncation, int? maxLength)
    {
        if (maxLength is < 1 || (maxLength is null && (truncation || padding == Padding.MaxLength)))
        {
            throw new ArgumentException($"maxLength is {maxLength?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "not given"}; truncation and padding to the maximum length need one of at least 1.");
        }

        var limit = truncation ? maxLength!.Value : int.MaxValue;
        var longest = chats.Max(chat => Math.Min(chat.Ids.Count, limit));
        if (maxLength is { } most && longest > most)
        {
            throw new ArgumentException($"A conversation has {longest} tokens, more than maxLength = {most}; ask for truncation, or for a larger maxLength.");
        }

        if (padding == Padding.None && chats.Any(chat => Math.Min(chat.Ids.Count, limit) != longest))
        {
            throw new ArgumentException("The conversations have different lengths; ask for padding, or give one at a time.");
        }

        return padding == Padding.MaxLength ? maxLength!.Value : longest;
    }
}
