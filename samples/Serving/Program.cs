using Jigsaw.Checkpoints;
using LLama.Native;
using Serving;

// llama.cpp tells a page about each file.
NativeLibraryConfig.All.WithLogCallback((_, _) => { });
if (args is not ([] or ["--run", _]))
{
    await Console.Error.WriteLineAsync("error: Use --run DIR for the folder of a run of the quick start, or nothing for the result that comes with the sample.");
    return 2;
}

try
{
    await ServingRun.ShowAsync(args is ["--run", var run] ? run : Path.Combine(AppContext.BaseDirectory, "trained"), Console.Out);
    return 0;
}
catch (Exception exception) when (exception is CheckpointException or IOException or ArgumentException or InvalidDataException)
{
    await Console.Error.WriteLineAsync($"error: {exception.Message}");
    return 1;
}
