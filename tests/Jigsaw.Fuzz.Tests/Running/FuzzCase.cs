using System.Security.Cryptography;
using System.Text;
using Jigsaw.Checkpoints;
using Jigsaw.Fuzz.Tests.Targets;
using Jigsaw.Training;

namespace Jigsaw.Fuzz.Tests.Running;

/// <summary>One damaged file of a kind: its number and the seed decide on it alone.</summary>
internal sealed class FuzzCase(FuzzTarget target, int seed, int number)
{
    private const int LongestSentence = 4000;

    // The file is right, and the chat that is tried on it is incompatible with it.
    private static readonly string[] _ofTheChat = ["The chat template refuses", "No token of the conversation is transformed"];

    // What a message of .NET's or torch's has in it, and no sentence of the library.
    private static readonly string[] _ofOthers = ["(Parameter '", "Object reference not set", "Sequence contains", "Exception of type", "Operation is not valid due to", "Exception raised from"];

    /// <summary>Damages the file in a folder where <see cref="FuzzTarget.Prepare"/> has been.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="good">The good file that <see cref="FuzzTarget.Prepare"/> wrote.</param>
    public void Write(string folder, byte[] good)
    {
        var random = new Random(BitConverter.ToInt32(SHA256.HashData(Encoding.UTF8.GetBytes(FormattableString.Invariant($"{target.Name} {seed} {number}")))));
        var chosen = target.Seeds.Count > 0 ? Encoding.UTF8.GetBytes(target.Seeds[random.Next(target.Seeds.Count)]) : good;
        File.WriteAllBytes(Path.Combine(folder, target.File), target.Given?.Invoke(number) ?? target.Mutator.Mutate(chosen, random));
        target.Repair?.Invoke(folder);
    }

    /// <summary>Reads the folder.</summary>
    /// <returns>True if it was read, false if it was refused in a sentence, and what else happened as a text.</returns>
    public (bool IsRead, string? Fault) Read(string folder)
    {
        try
        {
            target.Read(folder);
            return (true, null);
        }
        catch (Exception exception)
        {
            return (false, Fault(exception));
        }
    }

    private static string? Fault(Exception exception)
    {
        var isOwn = exception is CheckpointException or TrainingCheckpointException or RefusedException
            || (exception is FormatException && (exception.Message.Contains("chats.jsonl", StringComparison.Ordinal) || exception.Message.Contains("teacher-", StringComparison.Ordinal)))
            || (exception is ArgumentException && (exception.Message.Contains("numbers.json", StringComparison.Ordinal) || _ofTheChat.Any(start => exception.Message.StartsWith(start, StringComparison.Ordinal))));
        return !isOwn ? $"{exception.GetType().Name}: {exception.Message.ReplaceLineEndings(" ")} {exception.StackTrace?.Split('\n').FirstOrDefault(line => line.Contains("Jigsaw.", StringComparison.Ordinal))?.Trim()}"
            : _ofOthers.FirstOrDefault(part => exception.Message.Contains(part, StringComparison.Ordinal)) is { } foreign ? $"a sentence with '{foreign}': {exception.Message.ReplaceLineEndings(" ")}"
            : string.IsNullOrWhiteSpace(exception.Message) || exception.Message.Length > LongestSentence ? $"a sentence of {exception.Message.Length} characters"
            : null;
    }
}
