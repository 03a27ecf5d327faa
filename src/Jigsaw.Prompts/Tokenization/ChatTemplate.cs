using System.Text.Json;
using Jigsaw.Checkpoints;
using Jigsaw.Tokenization.Templates;

namespace Jigsaw.Tokenization;

/// <summary>
/// How a conversation becomes one text: the Jinja template of a tokenizer, run as transformers runs it, in a sandbox that bounds time,
/// memory and depth. All of Jinja that needs no other template is there; what Python would do that can't be done here is refused.
/// </summary>
public sealed class ChatTemplate
{
    private const int MaximumSourceLength = 4 << 20;

    private readonly string _path;
    private readonly Lazy<ParsedTemplate> _parsed;

    private ChatTemplate(string path, string source)
    {
        _path = path;
        Source = source;
        _parsed = new Lazy<ParsedTemplate>(() => source.Length > MaximumSourceLength
            ? throw new TemplateException($"has {source.Length:N0} characters, more than the {MaximumSourceLength:N0} that one may have")
            : TemplateParser.Parse(source));
    }

    /// <summary>The same template, to fix its time or its tokens.</summary>
    /// <param name="other">The template to copy.</param>
    public ChatTemplate(ChatTemplate other)
    {
        ArgumentNullException.ThrowIfNull(other);
        (_path, Source, _parsed) = (other._path, other.Source, other._parsed);
        (BeginToken, EndToken, Today, Now, SpecialTokens, ToolUse) = (other.BeginToken, other.EndToken, other.Today, other.Now, other.SpecialTokens, other.ToolUse);
    }

    /// <summary>The template as it was read.</summary>
    public string Source { get; }

    /// <summary>The token that begins a text, which the template may write.</summary>
    public string? BeginToken { get; init; }

    /// <summary>The token that ends a text, which the template may write.</summary>
    public string? EndToken { get; init; }

    /// <summary>The day that a template writes as today; the real one when null. Fix it where the same conversation must give the same text.</summary>
    public DateOnly? Today { get; init; }

    /// <summary>The time that a template writes as now; when null, the beginning of <see cref="Today"/> where that is given, else the real one.</summary>
    public DateTime? Now { get; init; }

    /// <summary>Further special tokens by the names that templates know them by, such as <c>unk_token</c>.</summary>
    internal IReadOnlyDictionary<string, string> SpecialTokens { get; init; } = new Dictionary<string, string>();

    /// <summary>The template for conversations with tools, where the tokenizer has one of its own for them.</summary>
    internal ChatTemplate? ToolUse { get; init; }

    /// <summary>Takes a template. What is wrong with it is said when it is rendered, so that a tokenizer can be used without its template.</summary>
    /// <param name="path">The file it stands in, for messages.</param>
    /// <param name="source">The template.</param>
    /// <param name="beginToken">The token that begins a text.</param>
    /// <param name="endToken">The token that ends a text.</param>
    public static ChatTemplate Parse(string path, string source, string? beginToken = null, string? endToken = null)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(source);
        return new ChatTemplate(path, source) { BeginToken = beginToken, EndToken = endToken };
    }

    /// <summary>Renders a conversation.</summary>
    /// <param name="messages">The conversation.</param>
    /// <param name="addGenerationPrompt">True if the text ends with what comes before a reply.</param>
    /// <param name="continueFinalMessage">True if the text ends with the last message's content, for the model to continue from there.</param>
    /// <param name="tools">Descriptions of the tools that the model may call, as JSON schemas; none when null.</param>
    /// <param name="documents">Documents that the model may read; none when null.</param>
    /// <param name="arguments">Further variables of the template, such as <c>enable_thinking</c>; they are the template's own text, not content.</param>
    /// <exception cref="ArgumentException">There is no message, the template refuses the conversation, or both a prompt for a reply and a message to continue are asked for.</exception>
    /// <exception cref="CheckpointException">The template is not Jinja, fails, or costs more than a rendering may.</exception>
    public RenderedChat Render(
        IReadOnlyList<ChatMessage> messages,
        bool addGenerationPrompt = false,
        bool continueFinalMessage = false,
        IReadOnlyList<JsonElement>? tools = null,
        IReadOnlyList<JsonElement>? documents = null,
        IReadOnlyDictionary<string, object?>? arguments = null)
    {
        ArgumentNullException.ThrowIfNull(messages);
        if (messages.Count == 0)
        {
            throw new ArgumentException("The conversation has no message; give at least one.");
        }

        if (addGenerationPrompt && continueFinalMessage)
        {
            throw new ArgumentException("A prompt for a reply and a final message to continue exclude each other; ask for one of them.");
        }

        if (tools is not null && ToolUse is { } toolUse)
        {
            return new ChatTemplate(toolUse) { Today = Today, Now = Now }.Render(messages, addGenerationPrompt, continueFinalMessage, tools, documents, arguments);
        }

        var (template, text) = Run(new ChatVariables(this, messages, addGenerationPrompt, tools, documents, arguments));
        if (continueFinalMessage)
        {
            var mark = TextMark.OfMessage(messages.Count - 1);
            var last = text.Runs.LastOrDefault(run => run.Mark.Owner == mark.Owner);
            text = last == default
                ? throw new ArgumentException("The template doesn't write the final message's content, so it can't be continued; ask for a prompt for a reply.")
                : text.Slice(0, last.End);
        }

        var places = Places(text);
        return new RenderedChat(text.Text, [.. places.Where(place => place.End > place.Start)]) { Generated = template.HasGeneration ? Ranges(text, mark => mark.Generated) : null, Private = Ranges(text, mark => mark.Private), Places = places };
    }

    /// <summary>Tells without rendering what of it can't be run; nothing else is certain before a rendering.</summary>
    /// <exception cref="CheckpointException">It can't be read, or reads other templates.</exception>
    internal void Check() => Guarded(() => _parsed.Value.OtherTemplate is { } other ? throw new TemplateNode.OtherTemplate(other).Error() : true);

    private (ParsedTemplate Template, MarkedText Text) Run(ChatVariables variables) =>
        Guarded(() => (_parsed.Value, TemplateInterpreter.Render(_parsed.Value, variables.Define, variables.Length)));

    private T Guarded<T>(Func<T> run)
    {
        try
        {
            return run();
        }
        catch (TemplateRefusal refusal)
        {
            throw new ArgumentException($"The chat template refuses the conversation: {refusal.Message}", refusal);
        }
        catch (TemplateException exception)
        {
            throw new CheckpointException(_path, $"has a chat template that {exception.Message}.", exception);
        }
    }

    private static List<ContentSpan> Places(MarkedText text)
    {
        var places = new List<ContentSpan>();
        foreach (var run in text.Runs.Where(run => run.Mark.IsContent))
        {
            if (places.Count > 0 && places[^1] is var last && last.End == run.Start && last.Message == run.Mark.Message)
            {
                places[^1] = last with { End = run.End };
            }
            else
            {
                places.Add(new ContentSpan(run.Mark.Message, run.Start, run.End));
            }
        }

        return places;
    }

    private static List<Range> Ranges(MarkedText text, Func<TextMark, bool> has)
    {
        var ranges = new List<Range>();
        foreach (var run in text.Runs.Where(run => has(run.Mark) && run.End > run.Start))
        {
            if (ranges.Count > 0 && ranges[^1].End.Value == run.Start)
            {
                ranges[^1] = ranges[^1].Start..run.End;
            }
            else
            {
                ranges.Add(run.Start..run.End);
            }
        }

        return ranges;
    }
}
