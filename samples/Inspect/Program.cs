using Inspect;
using Jigsaw.Checkpoints;

if (args is not [var directory] || directory.StartsWith('-'))
{
    Console.Error.WriteLine("Usage: dotnet run --project samples/Inspect -- DIR\nDIR is the directory of a Hugging Face checkpoint or of a PEFT adapter.");
    return 2;
}

try
{
    return File.Exists(Path.Combine(directory, "adapter_config.json"))
        ? Report.OfAdapter(directory, Console.Out)
        : Report.OfCheckpoint(directory, Console.Out);
}
catch (CheckpointException exception)
{
    Console.Error.WriteLine(exception.Message);
    return 1;
}
