namespace Jigsaw.Data;

/// <summary>Chats can't be read as they stand. The message names the file, the line or row, what is wrong with it, and the way out; it quotes no text of a chat.</summary>
public sealed class ChatDataException : FormatException
{
    /// <summary>Says what is wrong with a file of chats.</summary>
    /// <param name="path">The file.</param>
    /// <param name="place">Where in the file, such as <c>line 3</c>; null for the whole of it.</param>
    /// <param name="problem">What is wrong, and the way out: a sentence that continues one which begins with the file.</param>
    /// <param name="innerException">What was noticed first.</param>
    public ChatDataException(string path, string? place, string problem, Exception? innerException = null)
        : base(place is null ? $"{path} {problem}" : $"{path}, {place}, {problem}", innerException)
    {
        Path = path;
        Place = place;
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>Where in the file: its line, or its row where lines mean nothing, counted from 1; null for the whole of it.</summary>
    public string? Place { get; }
}
