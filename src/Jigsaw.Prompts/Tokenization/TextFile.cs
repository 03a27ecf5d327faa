using System.Text;
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
                ? RegularFile.ReadAllText(path, isStrict: true)
                : throw new CheckpointException(path, $"is {length} bytes long, more than the {MaximumLength} that Jigsaw reads of a text file.");
        }
        catch (DecoderFallbackException exception)
        {
            throw new CheckpointException(path, "is not UTF-8; convert the file, or fetch it again.", exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException(path, RegularFile.Problem(exception), exception);
        }
    }
}
