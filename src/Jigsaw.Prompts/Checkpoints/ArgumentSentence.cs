namespace Jigsaw.Checkpoints;

/// <summary>What an argument's exception says, for a sentence about a file or a command line: nobody there has passed the parameter that .NET appends.</summary>
internal static class ArgumentSentence
{
    /// <summary>The message without the parameter's name.</summary>
    public static string Of(ArgumentException exception) =>
        exception.ParamName is { } name ? exception.Message.Replace($" (Parameter '{name}')", "", StringComparison.Ordinal) : exception.Message;
}
