using System.Text.Json;

namespace Jigsaw.Checkpoints;

/// <summary>Reads the JSON files of a checkpoint: of bounded size and depth, every failure a <see cref="CheckpointException"/>.</summary>
internal static class JsonFile
{
    private const long MaximumLength = 512L << 20;
    private const int MaximumDepth = 64;

    /// <summary>Reads a file and makes something of it. Text that is no Unicode is noticed only when it is asked for.</summary>
    public static T Read<T>(string path, Func<JsonElement, T> make)
    {
        using var document = Open(path);
        try
        {
            return make(document.RootElement);
        }
        catch (InvalidOperationException exception)
        {
            RequireUnicode(path);
            throw new CheckpointException(path, $"holds what is not text or not of the kind that belongs there ({exception.Message}); fetch it again.", exception);
        }
    }

    private static void RequireUnicode(string path)
    {
        try
        {
            JsonUnicode.Require(File.ReadAllBytes(path));
        }
        catch (JsonException exception)
        {
            throw new CheckpointException(path, $"is not JSON ({JsonReason.Of(exception)}); fetch it again.", exception);
        }
    }

    private static JsonDocument Open(string path)
    {
        try
        {
            using var stream = RegularFile.OpenRead(path);
            if (stream.Length > MaximumLength)
            {
                throw new CheckpointException(path, $"is {stream.Length} bytes long, more than the {MaximumLength} that Jigsaw reads of a JSON file.");
            }

            return JsonDocument.Parse(stream, new JsonDocumentOptions { MaxDepth = MaximumDepth });
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new CheckpointException(path, "is not there; name the directory of a Hugging Face checkpoint, which holds it.", exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException(path, RegularFile.Problem(exception), exception);
        }
        catch (JsonException exception)
        {
            throw new CheckpointException(path, $"is not JSON ({JsonReason.Of(exception)}); fetch it again.", exception);
        }
    }
}
