using System.Globalization;
using Jigsaw.Checkpoints;
using Jigsaw.Tokenization.Templates;

namespace Jigsaw.Tokenization;

/// <summary>
/// How a conversation becomes one text: the Jinja template of a tokenizer, run as transformers runs it. Supported is what the templates of
/// the four families use: if, for, set, macro, break, continue, generation, whitespace control, Python's texts, lists and dictionaries;
/// not include, import, extends, call, filter blocks, recursive loops, printing of lists and dictionaries, formatting with %.
/// </summary>
public sealed class ChatTemplate
{
    private const int MaximumRange = 100_000;

    private readonly string _path;
    private readonly IReadOnlyList<TemplateNode> _nodes;

    private ChatTemplate(string path, string source, IReadOnlyList<TemplateNode> nodes)
    {
        _path = path;
        Source = source;
        _nodes = nodes;
    }

    /// <summary>The same template, to fix its day or its tokens.</summary>
    /// <param name="other">The template to copy.</param>
    public ChatTemplate(ChatTemplate other)
    {
        ArgumentNullException.ThrowIfNull(other);
        (_path, Source, _nodes, BeginToken, EndToken, Today) = (other._path, other.Source, other._nodes, other.BeginToken, other.EndToken, other.Today);
    }

    /// <summary>The template as it was read.</summary>
    public string Source { get; }

    /// <summary>The token that begins a text, which the template may write.</summary>
    public string? BeginToken { get; init; }

    /// <summary>The token that ends a text, which the template may write.</summary>
    public string? EndToken { get; init; }

    /// <summary>The day that a template writes as today; the real one when null. Fix it where the same conversation must give the same text.</summary>
    public DateOnly? Today { get; init; }

    /// <summary>Reads a template.</summary>
    /// <param name="path">The file it stands in, for messages.</param>
    /// <param name="source">The template.</param>
    /// <param name="beginToken">The token that begins a text.</param>
    /// <param name="endToken">The token that ends a text.</param>
    /// <exception cref="CheckpointException">It is not Jinja, or has a statement that is not supported.</exception>
    public static ChatTemplate Parse(string path, string source, string? beginToken = null, string? endToken = null)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(source);
        try
        {
            return new ChatTemplate(path, source, TemplateParser.Parse(source)) { BeginToken = beginToken, EndToken = endToken };
        }
        catch (TemplateException exception)
        {
            throw new CheckpointException(path, $"has a chat template that can't be read: {exception.Message}.", exception);
        }
    }

    /// <summary>Renders a conversation.</summary>
    /// <param name="messages">The conversation.</param>
    /// <param name="addGenerationPrompt">Whether the text ends with what comes before a reply.</param>
    /// <param name="continueFinalMessage">Whether the text ends with the last message's content, for the model to go on from there.</param>
    /// <exception cref="ArgumentException">There is no message, the template refuses the conversation, or both a prompt for a reply and a message to continue are asked for.</exception>
    /// <exception cref="CheckpointException">The template does what is not supported.</exception>
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

        MarkedText text;
        try
        {
            text = new TemplateInterpreter(Variables(messages, addGenerationPrompt)).Render(_nodes);
        }
        catch (TemplateException exception)
        {
            throw new CheckpointException(_path, $"has a chat template that {exception.Message}.", exception);
        }
        catch (ArgumentOutOfRangeException exception)
        {
            throw new CheckpointException(_path, "has a chat template that gives a filter, test or method too few arguments.", exception);
        }

        if (continueFinalMessage)
        {
            var last = text.Spans.LastOrDefault(span => span.Message == messages.Count - 1);
            text = last == default && !text.Spans.Contains(last)
                ? throw new ArgumentException("The template doesn't write the final message's content, so it can't be continued.", nameof(continueFinalMessage))
                : text.Slice(0, last.End);
        }

        return new RenderedChat(text.Text, [.. text.Spans.Where(span => span.End > span.Start)]);
    }

    private Dictionary<string, object?> Variables(IReadOnlyList<ChatMessage> messages, bool addGenerationPrompt)
    {
        var variables = new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            ["messages"] = messages.Select((message, i) => (object?)Dictionary(message, i)).ToList(),
            ["add_generation_prompt"] = addGenerationPrompt,
            ["tools"] = null,
            ["documents"] = null,
            ["raise_exception"] = (TemplateFunction)((arguments, _) => throw new ArgumentException($"The chat template refuses the conversation: {(arguments.Count > 0 ? arguments[0] : "no reason given")}", nameof(messages))),
            ["namespace"] = (TemplateFunction)((_, named) => Namespace(named)),
            ["range"] = (TemplateFunction)((arguments, _) => Range(arguments)),
            ["strftime_now"] = (TemplateFunction)((arguments, _) => MarkedText.Plain(Date(arguments.Count > 0 ? TemplateValues.Key(arguments[0]) : string.Empty))),
        };
        if (BeginToken is not null)
        {
            variables["bos_token"] = MarkedText.Plain(BeginToken);
        }

        if (EndToken is not null)
        {
            variables["eos_token"] = MarkedText.Plain(EndToken);
        }

        return variables;
    }

    private static TemplateDictionary Dictionary(ChatMessage message, int index)
    {
        var dictionary = new TemplateDictionary();
        dictionary.Entries["role"] = MarkedText.Plain(message.Role);
        dictionary.Entries["content"] = MarkedText.Content(message.Content, index);
        return dictionary;
    }

    private static TemplateNamespace Namespace(IReadOnlyDictionary<string, object?> values)
    {
        var space = new TemplateNamespace();
        foreach (var (name, value) in values)
        {
            space.Values[name] = value;
        }

        return space;
    }

    private static List<object?> Range(IReadOnlyList<object?> arguments)
    {
        if (arguments.Count is < 1 or > 2 || arguments.Any(argument => argument is not long))
        {
            throw new TemplateException("calls range with other than one or two whole numbers, which is not supported");
        }

        var (start, end) = arguments.Count == 1 ? (0L, (long)arguments[0]!) : ((long)arguments[0]!, (long)arguments[1]!);
        return end - start <= MaximumRange
            ? [.. Enumerable.Range(0, (int)Math.Max(end - start, 0)).Select(i => (object?)(start + i))]
            : throw new TemplateException($"asks for a range of more than {MaximumRange} numbers");
    }

    private string Date(string format)
    {
        var day = Today ?? DateOnly.FromDateTime(DateTime.Now);
        var text = new System.Text.StringBuilder();
        for (var i = 0; i < format.Length; i++)
        {
            text.Append(format[i] != '%' || i + 1 == format.Length ? format[i].ToString() : format[++i] switch
            {
                'd' => day.ToString("dd", CultureInfo.InvariantCulture),
                'm' => day.ToString("MM", CultureInfo.InvariantCulture),
                'Y' => day.ToString("yyyy", CultureInfo.InvariantCulture),
                'y' => day.ToString("yy", CultureInfo.InvariantCulture),
                'b' => day.ToString("MMM", CultureInfo.InvariantCulture),
                'B' => day.ToString("MMMM", CultureInfo.InvariantCulture),
                'A' => day.ToString("dddd", CultureInfo.InvariantCulture),
                'a' => day.ToString("ddd", CultureInfo.InvariantCulture),
                '%' => "%",
                var other => throw new TemplateException($"writes the date with %{other}, which is not supported"),
            });
        }

        return text.ToString();
    }
}
