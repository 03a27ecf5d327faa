using Jigsaw.Checkpoints;

namespace Jigsaw.Tokenization;

/// <summary>Reads the text files of a checkpoint; every failure is a <see cref="CheckpointException"/>.</summary>
internal static class TextFile
{
    private const long MaximumLength = 64L << 20;

    public static string Read(string path)
    {
        try
        {
            var length = new FileInfo(path).Length;
            return length <= MaximumLength
                ? RegularFile.ReadAllText(path)
                : throw new CheckpointException(path, $"is {length} bytes long, more than the {MaximumLength} that Jigsaw reads of a text file.");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException(path, "can't be read; check that it is a file, and its permissions.", exception);
        }
    }
}
