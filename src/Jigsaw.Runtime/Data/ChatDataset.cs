using Jigsaw.Tokenization;

namespace Jigsaw.Data;

/// <summary>
/// Chats in memory, from files in the formats that people keep them in: <c>messages</c> with <c>role</c> and <c>content</c>, ShareGPT, prompt
/// and completion, Alpaca; as JSON lines, a JSON array, either packed by gzip or zstd, or Parquet. Optionally a row has <c>slots</c>, the
/// private facts by name, and a message <c>private</c>, spans of its content. <see cref="ChatFiles"/> holds no chat in memory.
/// </summary>
public sealed class ChatDataset
{
    private ChatDataset(IReadOnlyList<ChatExample> examples, FieldTally unread) =>
        (Examples, Notes) = (examples, unread.Describe() is { } fields ? [$"Fields of the data that nothing reads, with their rows: {fields}."] : []);

    /// <summary>How many facts stand in no message but the assistant's, and so are not private in the sense of <c>TokenMask.Private</c>.</summary>
    public int MissingFacts => Examples.Sum(example => example.Facts.Values.Count(fact => !example.Messages.Any(message => message.Role != ChatMessage.Assistant && FactSpans.Of(message.Content, fact).Any())));

    /// <summary>The chats, in the files' order.</summary>
    public IReadOnlyList<ChatExample> Examples { get; }

    /// <summary>What should be known about the files, in sentences: fields that nothing reads.</summary>
    public IReadOnlyList<string> Notes { get; }

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file, a folder of them, or a pattern such as <c>data/*.jsonl</c>.</param>
    /// <param name="limit">Reads at most this many chats; null reads all.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="ChatDataException">A row is not a chat, or a file is damaged; the message names file and line.</exception>
    public static ChatDataset Read(string path, int? limit = null)
    {
        ArgumentNullException.ThrowIfNull(path);
        return Read([path], limit);
    }

    /// <summary>Reads files.</summary>
    /// <param name="paths">Files, folders of them, or patterns such as <c>data/*.jsonl</c>; those of a folder or pattern in ordinal order, and each file once.</param>
    /// <param name="limit">Reads at most this many chats; null reads all.</param>
    /// <exception cref="FileNotFoundException">One names no file.</exception>
    /// <exception cref="ChatDataException">A row is not a chat, or a file is damaged; the message names file and line.</exception>
    public static ChatDataset Read(IEnumerable<string> paths, int? limit = null)
    {
        var (examples, unread) = (new List<ChatExample>(), new FieldTally());
        var files = DataPaths.Find(paths);
        foreach (var path in files)
        {
            if (examples.Count >= limit)
            {
                break;
            }

            using var file = new DataFile(path);
            var before = examples.Count;
            foreach (var (_, chat) in ChatRows.Read(file, unread))
            {
                examples.Add(chat);
                if (examples.Count == limit)
                {
                    break;
                }
            }

            if (examples.Count == before)
            {
                throw NoChat(path);
            }
        }

        return examples.Count > 0 ? new ChatDataset(examples, unread) : throw NoChat(files[0]);
    }

    internal static ChatDataException NoChat(string path) => new(path, null, "holds no chat; write one JSON object with \"messages\" per line.");
}
