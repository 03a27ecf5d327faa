using System.Runtime.CompilerServices;
using System.Text;
using Jigsaw.Client.Transports;
using Microsoft.Extensions.AI;
using TemplateMessage = Jigsaw.Tokenization.ChatMessage;

namespace Jigsaw.Client;

/// <summary>
/// An <see cref="IChatClient"/> that sends transformed prompts. A history that is sent again is the same bytes: conversations are known by their first message and, where one client serves several users,
/// by the user's name under <see cref="UserProperty"/> in <see cref="ChatOptions.AdditionalProperties"/>; without it equal first messages of two users would be equal bytes to the server.
/// Texts are taken; tools, images, structured replies and <see cref="ChatOptions.ConversationId"/> are refused: nothing is kept at the server.
/// </summary>
public sealed class TransformedChatClient : IChatClient
{
    /// <summary>The name under which a request says whose it is.</summary>
    public const string UserProperty = "jigsaw.user";

    private readonly PromptTransform _transform;
    private readonly ICompletionTransport _transport;
    private readonly ConversationStore _store;
    private readonly ChatClientMetadata _metadata;

    /// <summary>Puts a transform before a transport.</summary>
    /// <param name="transform">The transform; stays its owner's.</param>
    /// <param name="transport">The way to the server.</param>
    /// <param name="modelId">The model's name, as it is told to who asks for it.</param>
    /// <param name="mostConversations">How many conversations are remembered.</param>
    public TransformedChatClient(PromptTransform transform, ICompletionTransport transport, string? modelId = null, int mostConversations = 1000)
    {
        ArgumentNullException.ThrowIfNull(transform);
        ArgumentNullException.ThrowIfNull(transport);
        (_transform, _transport, _store) = (transform, transport, new ConversationStore(mostConversations));
        _metadata = new ChatClientMetadata("jigsaw", defaultModelId: modelId);
    }

    /// <inheritdoc/>
    /// <exception cref="TransportException">The server can't be reached, refuses the request, or breaks off.</exception>
    /// <exception cref="NotSupportedException">The messages or options have what is not text.</exception>
    public async Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        var text = new StringBuilder();
        var response = new ChatResponse { ModelId = _metadata.DefaultModelId };
        await foreach (var update in GetStreamingResponseAsync(messages, options, cancellationToken).ConfigureAwait(false))
        {
            text.Append(update.Text);
            response.FinishReason = update.FinishReason ?? response.FinishReason;
            response.ResponseId ??= update.ResponseId;
            foreach (var usage in update.Contents.OfType<UsageContent>())
            {
                response.Usage = usage.Details;
            }
        }

        response.Messages.Add(new ChatMessage(ChatRole.Assistant, text.ToString()));
        return response;
    }

    /// <inheritdoc/>
    /// <exception cref="TransportException">The server can't be reached, refuses the request, or breaks off.</exception>
    /// <exception cref="NotSupportedException">The messages or options have what is not text.</exception>
    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(messages);
        Refuse(options);
        var chat = messages.Select(Message).ToList();
        if (options?.Instructions is { } instructions)
        {
            chat.Insert(0, new TemplateMessage("system", instructions));
        }

        var prompt = _transform.Transform(chat, _store.Of(options?.AdditionalProperties?.GetValueOrDefault(UserProperty)?.ToString() ?? "", chat));
        var asked = Options(options, _transform);
        var id = $"chatcmpl-{Guid.NewGuid():N}";
        await foreach (var part in _transport.StreamAsync([prompt], asked, cancellationToken).ConfigureAwait(false))
        {
            var update = new ChatResponseUpdate(ChatRole.Assistant, part.Text)
            {
                ResponseId = id,
                MessageId = id,
                ModelId = _metadata.DefaultModelId,
                FinishReason = part.FinishReason is { } reason ? new ChatFinishReason(reason) : null,
            };
            if (part.CompletionTokens is { } tokens)
            {
                update.Contents.Add(new UsageContent(new UsageDetails { InputTokenCount = part.PromptTokens, OutputTokenCount = tokens, TotalTokenCount = (long)tokens + part.PromptTokens }));
            }

            yield return update;
        }
    }

    /// <inheritdoc/>
    public object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        return serviceKey is not null ? null
            : serviceType == typeof(ChatClientMetadata) ? _metadata
            : serviceType.IsInstanceOfType(this) ? this
            : serviceType.IsInstanceOfType(_transform) ? _transform
            : serviceType.IsInstanceOfType(_transport) ? _transport
            : null;
    }

    /// <summary>Forgets the conversations.</summary>
    public void Dispose() => _store.Dispose();

    private static void Refuse(ChatOptions? options)
    {
        if (options?.ConversationId is not null)
        {
            throw new NotSupportedException($"The options have a ConversationId, and the server keeps no conversation: send the whole history each time, and say whose it is by AdditionalProperties[\"{UserProperty}\"].");
        }

        if (options?.Tools is { Count: > 0 })
        {
            throw new NotSupportedException("The options have tools, which this client doesn't send: a call would have to be read from the reply's text; give PromptTransform.Transform the tools and read the reply yourself.");
        }

        if (options?.ResponseFormat is not (null or ChatResponseFormatText))
        {
            throw new NotSupportedException("The options ask for JSON replies, which servers can't be held to by embeddings alone; ask for text.");
        }
    }

    private static TemplateMessage Message(ChatMessage message)
    {
        if (message.Contents.FirstOrDefault(content => content is not TextContent) is { } other)
        {
            throw new NotSupportedException($"A message of the role '{message.Role.Value}' has {other.GetType().Name}; this client sends text alone.");
        }

        return new TemplateMessage(message.Role.Value, message.Text);
    }

    private static CompletionOptions Options(ChatOptions? options, PromptTransform transform) => new()
    {
        MaxTokens = options?.MaxOutputTokens ?? new CompletionOptions().MaxTokens,
        Temperature = options?.Temperature,
        TopP = options?.TopP,
        TopK = options?.TopK,
        FrequencyPenalty = options?.FrequencyPenalty,
        PresencePenalty = options?.PresencePenalty,
        Seed = options?.Seed,
        Stop = [.. options?.StopSequences ?? []],
        StopTokenIds = transform.StopTokenIds,
    };
}
