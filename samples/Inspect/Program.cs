using Inspect;
using Jigsaw.Checkpoints;

if (args is not ([_] or [_, "--try", _]) || args[0].StartsWith('-'))
{
    Console.Error.WriteLine(
        """
        Usage: dotnet run --project samples/Inspect -- DIR [--try TEXT|FILE]
        DIR is the directory of a Hugging Face checkpoint or of a PEFT adapter.
        --try shows the tokens of a text, or of the chats of a file: JSON or JSON lines, each a list of messages or an object with "messages".
        """);
    return 2;
}

var directory = args[0];
var text = args.Length == 3 ? args[2] : null;
try
{
    return text is not null ? Trial.Run(directory, text, Console.Out)
        : File.Exists(Path.Combine(directory, "adapter_config.json")) ? Report.OfAdapter(directory, Console.Out)
        : Report.OfCheckpoint(directory, Console.Out);
}
catch (Exception exception) when (exception is CheckpointException or ArgumentException or InvalidOperationException)
{
    Console.Error.WriteLine(exception.Message);
    return 1;
}
