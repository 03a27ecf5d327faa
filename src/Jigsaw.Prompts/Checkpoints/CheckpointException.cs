namespace Jigsaw.Checkpoints;

/// <summary>A file of a checkpoint, an adapter or a tokenizer is not what it should be. The message names the file, what is wrong with it, and the way out.</summary>
public sealed class CheckpointException : Exception
{
    private const int MostCharacters = 1200;

    /// <summary>Says what is wrong with a file.</summary>
    /// <param name="path">The file or directory.</param>
    /// <param name="problem">What is wrong, and the way out: a sentence without the path.</param>
    /// <param name="innerException">What was noticed first.</param>
    public CheckpointException(string path, string problem, Exception? innerException = null)
        : base($"{path}: {Bounded(problem)}", innerException)
    {
        Path = path;
    }

    /// <summary>The file or directory.</summary>
    public string Path { get; }

    /// <summary>A sentence without its middle where it is long: a damaged file may have a name of any length.</summary>
    private static string Bounded(string problem) => problem.Length <= MostCharacters ? problem : $"{problem[..(MostCharacters / 2)]} … {problem[^(MostCharacters / 2)..]}";
}
