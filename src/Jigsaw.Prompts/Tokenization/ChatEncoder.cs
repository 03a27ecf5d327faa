using System.Text;
using System.Text.Json;

namespace Jigsaw.Tokenization;

/// <summary>
/// Makes tokens and masks of conversations, on the host. Contents are text: which control tokens they may spell is <see cref="ContentTokens"/>'s
/// rule. A token that spans template and content belongs to the content.
/// </summary>
public sealed class ChatEncoder
{
    private readonly Lazy<HashSet<int>> _templateTokens;

    /// <summary>Wraps a tokenizer.</summary>
    /// <param name="tokenizer">The tokenizer.</param>
    public ChatEncoder(Tokenizer tokenizer)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        Tokenizer = tokenizer;
        _templateTokens = new(() => [.. new[] { tokenizer.ChatTemplate, tokenizer.ChatTemplate?.ToolUse }.OfType<ChatTemplate>().SelectMany(template => tokenizer.AddedTokensIn(template.Source))]);
    }

    internal ChatEncoder(ChatEncoder other)
    {
        (Tokenizer, _templateTokens) = (other.Tokenizer, other._templateTokens);
    }

    /// <summary>The role that the descriptions of tools have in <see cref="NoiseRoles"/>.</summary>
    public const string ToolsRole = "tools";

    /// <summary>The role that documents have in <see cref="NoiseRoles"/>.</summary>
    public const string DocumentsRole = "documents";

    /// <summary>The tokenizer.</summary>
    public Tokenizer Tokenizer { get; }

    /// <summary>
    /// Which added tokens contents may spell. By default (null) none in what anybody but the assistant says, and in what the assistant says
    /// those that are neither special nor written by the template itself: anything else could end its own turn.
    /// </summary>
    public AddedTokens? ContentTokens { get; init; }

    /// <summary>
    /// Roles whose contents the transform changes, with <see cref="ToolsRole"/> for the descriptions of tools and <see cref="DocumentsRole"/> for documents; all when null.
    /// </summary>
    public IReadOnlyCollection<string>? NoiseRoles { get; init; }

    /// <summary>True if a conversation of which nothing counts is not an error; who asks leaves it out.</summary>
    internal bool MayCountNothing { get; init; }

    /// <summary>Renders and tokenizes a conversation.</summary>
    /// <param name="messages">The conversation.</param>
    /// <param name="addGenerationPrompt">True if it ends with what comes before a reply.</param>
    /// <param name="continueFinalMessage">True if it ends with its last message's content.</param>
    /// <param name="ignorePromptLoss">True if only what the assistant says counts in the loss.</param>
    /// <param name="transformAllTokens">True if the noise mask has the template's own tokens too.</param>
    /// <param name="tools">Descriptions of the tools that the model may call, as JSON schemas; none when null.</param>
    /// <param name="documents">Documents that the model may read; none when null.</param>
    /// <param name="arguments">Further variables of the template: numbers, booleans, dates, and words that the template's source has. Other texts are refused, since they would be sent as they are, and so are the names of what the conversation gives: <c>messages</c>, <c>tools</c>, <c>documents</c>, <c>add_generation_prompt</c>, <c>continue_final_message</c>.</param>
    /// <exception cref="InvalidOperationException">The tokenizer has no chat template.</exception>
    /// <exception cref="ArgumentException">Nothing counts in the loss that is asked for, no message has a role of <see cref="NoiseRoles"/>, the template refuses the conversation, or an argument is a text that someone may have written.</exception>
    /// <exception cref="Checkpoints.CheckpointException">The template can't be read or run.</exception>
    public TokenizedChat Encode(
        IReadOnlyList<ChatMessage> messages,
        bool addGenerationPrompt = false,
        bool continueFinalMessage = false,
        bool ignorePromptLoss = false,
        bool transformAllTokens = false,
        IReadOnlyList<JsonElement>? tools = null,
        IReadOnlyList<JsonElement>? documents = null,
        IReadOnlyDictionary<string, object?>? arguments = null)
    {
        ArgumentNullException.ThrowIfNull(messages);
        var template = Tokenizer.ChatTemplate
            ?? throw new InvalidOperationException("The tokenizer has no chat template; use the checkpoint of a model made for chats, or add its chat_template.jinja.");
        if (arguments is not null && ChatArguments.Taken(arguments.Keys) is { } taken)
        {
            throw new ArgumentException(taken);
        }

        if (arguments is not null && !transformAllTokens)
        {
            ChatArguments.RequireNoContent(arguments, (tools is null ? null : template.ToolUse?.Source) ?? template.Source);
        }

        var chat = template.Render(messages, addGenerationPrompt, continueFinalMessage, tools, documents, arguments);
        var places = new ContentPlaces(chat.Contents);
        var written = new Lazy<string>(() => Written(chat));
        var tokens = Tokenizer.Tokenize(chat.Text, (token, start, end) => places.Between(start, end).All(content => MaySpell(Role(messages, content.Message), token, written)));

        var contentOf = new int?[tokens.Count];
        var noise = new bool[tokens.Count];
        for (var i = 0; i < noise.Length; i++)
        {
            contentOf[i] = tokens[i].Start < tokens[i].End && places.Between(tokens[i].Start, tokens[i].End).Select(content => (int?)content.Message).FirstOrDefault() is { } message ? message : null;
            noise[i] = transformAllTokens || (tokens[i].Start < tokens[i].End
                && places.Between(tokens[i].Start, tokens[i].End).Any(content => NoiseRoles?.Contains(Role(messages, content.Message)) ?? true));
        }

        CheckRoles(messages, tools, documents, transformAllTokens);
        var counts = new bool[tokens.Count];
        if (!ignorePromptLoss)
        {
            Array.Fill(counts, true);
        }
        else if (chat.Generated is { } generated)
        {
            CountGenerated(tokens, generated, counts);
        }
        else
        {
            CountReplies(messages, chat, tokens, contentOf, counts);
        }

        return Array.IndexOf(counts, true) >= 0 || MayCountNothing || addGenerationPrompt || continueFinalMessage
            ? new TokenizedChat([.. tokens.Select(token => token.Id)], counts, noise) { InReply = InReply(messages, chat, tokens, counts), Private = Private(chat, tokens) }
            : throw new ArgumentException($"No token of the conversation counts in the loss: its roles are {Roles(messages)}, and {(chat.Generated is null ? $"what counts are the contents of '{ChatMessage.Assistant}'" : "its template's {% generation %} is empty")}; name the model's role so.");
    }

    /// <summary>Tokens that the replies that count in the loss repeat.</summary>
    private static bool[] InReply(IReadOnlyList<ChatMessage> messages, RenderedChat chat, IReadOnlyList<Token> tokens, bool[] counts)
    {
        var counted = new ContentPlaces([.. tokens.Where((token, i) => counts[i] && token.Start < token.End).Select(token => new ContentSpan(0, token.Start, token.End))]);
        var words = new ReplyWords(chat, content => content.Message >= 0 && messages[content.Message].Role == ChatMessage.Assistant && counted.Between(content.Start, content.End).Any());
        return [.. tokens.Select(words.Repeat)];
    }

    private static bool[] Private(RenderedChat chat, IReadOnlyList<Token> tokens)
    {
        var places = new ContentPlaces([.. chat.Private.Select(range => new ContentSpan(0, range.Start.Value, range.End.Value))]);
        return [.. tokens.Select(token => token.Start < token.End && places.Between(token.Start, token.End).Any())];
    }

    /// <summary>transformers' rule: what is within <c>{% generation %}</c> counts, and nothing else.</summary>
    private static void CountGenerated(IReadOnlyList<Token> tokens, IReadOnlyList<Range> generated, bool[] counts)
    {
        var range = 0;
        for (var i = 0; i < counts.Length; i++)
        {
            while (range < generated.Count && generated[range].End.Value <= tokens[i].Start)
            {
                range++;
            }

            counts[i] = range < generated.Count && tokens[i].Start < tokens[i].End && generated[range].Start.Value < tokens[i].End;
        }
    }

    /// <summary>The assistant's contents count, what the template writes between two pieces of one message, and the token that ends each message.</summary>
    private void CountReplies(IReadOnlyList<ChatMessage> messages, RenderedChat chat, IReadOnlyList<Token> tokens, int?[] contentOf, bool[] counts)
    {
        for (var i = 0; i < counts.Length; i++)
        {
            counts[i] = contentOf[i] is >= 0 and var message && messages[message].Role == ChatMessage.Assistant;
        }

        var next = 0;
        for (var place = 0; place < chat.Places.Count; place++)
        {
            var content = chat.Places[place];
            if (content.Message < 0 || messages[content.Message].Role != ChatMessage.Assistant)
            {
                continue;
            }

            while (next < tokens.Count && tokens[next].Start < content.End)
            {
                next++;
            }

            var stop = next;
            while (stop < tokens.Count && contentOf[stop] is null && (place + 1 == chat.Places.Count || tokens[stop].Start < chat.Places[place + 1].Start))
            {
                stop++;
            }

            if (place + 1 < chat.Places.Count && chat.Places[place + 1].Message == content.Message)
            {
                Array.Fill(counts, true, next, stop - next);
            }
            else if (EndOf(chat, tokens, contentOf, next, stop) is { } end)
            {
                counts[end] = true;
            }
        }
    }

    /// <summary>
    /// The token that ends a message, among those of the template behind it: the tokenizer's end token, a special token, or an added token
    /// with only white space before it, but not the token that opened the message.
    /// </summary>
    private int? EndOf(RenderedChat chat, IReadOnlyList<Token> tokens, int?[] contentOf, int next, int stop)
    {
        var opener = next - 1;
        while (opener >= 0 && (contentOf[opener] is not null || !Tokenizer.IsAdded(tokens[opener].Id)))
        {
            opener--;
        }

        var endId = Tokenizer.EndToken is { } endToken ? Tokenizer.IdOf(endToken) : null;
        for (var i = next; i < stop; i++)
        {
            var id = tokens[i].Id;
            if (id == endId)
            {
                return i;
            }

            var isOpener = opener >= 0 && tokens[opener].Id == id;
            var isDirect = string.IsNullOrWhiteSpace(chat.Text[tokens[next].Start..tokens[i].Start]);
            if (Tokenizer.IsSpecial(id) || (Tokenizer.IsAdded(id) && isDirect))
            {
                return isOpener ? null : i;
            }
        }

        return null;
    }

    private bool MaySpell(string role, AddedToken token, Lazy<string> written) => ContentTokens switch
    {
        AddedTokens.All => true,
        AddedTokens.NonSpecial => !token.Special,
        AddedTokens.AsText => false,
        _ => role == ChatMessage.Assistant && !token.Special && !_templateTokens.Value.Contains(token.Id) && !written.Value.Contains(token.Content, StringComparison.Ordinal),
    };

    /// <summary>What the template itself wrote, which its source need not spell: <c>'&lt;|' + message.role + '|&gt;'</c>. Its pieces are apart from each other.</summary>
    private static string Written(RenderedChat chat)
    {
        var (text, end) = (new StringBuilder(), 0);
        foreach (var content in chat.Contents.Where(content => content.End > end))
        {
            text.Append(chat.Text, end, Math.Max(0, content.Start - end)).Append('\0');
            end = content.End;
        }

        return text.Append(chat.Text, end, chat.Text.Length - end).ToString();
    }

    private void CheckRoles(IReadOnlyList<ChatMessage> messages, IReadOnlyList<JsonElement>? tools, IReadOnlyList<JsonElement>? documents, bool transformAllTokens)
    {
        if (NoiseRoles is { } roles && !transformAllTokens && !messages.Any(message => roles.Contains(message.Role))
            && !(tools is not null && roles.Contains(ToolsRole)) && !(documents is not null && roles.Contains(DocumentsRole)))
        {
            throw new ArgumentException($"No token of the conversation is transformed: its roles are {Roles(messages)}, and {nameof(NoiseRoles)} names {string.Join(", ", roles.Select(role => $"'{role}'"))}; name a role that is there.");
        }
    }

    private static string Role(IReadOnlyList<ChatMessage> messages, int message) => message switch
    {
        ContentSpan.Tools => ToolsRole,
        ContentSpan.Documents => DocumentsRole,
        _ => messages[message].Role,
    };

    private static string Roles(IReadOnlyList<ChatMessage> messages) => string.Join(", ", messages.Select(message => $"'{message.Role}'").Distinct());
}
