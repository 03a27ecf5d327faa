using Jigsaw.Checkpoints;
using Jigsaw.Proxy;

try
{
    await using var application = ProxyApplication.Build(args);
    await application.RunAsync();
    return 0;
}
catch (Exception exception) when (exception is ArgumentException or CheckpointException or InvalidOperationException or IOException)
{
    await Console.Error.WriteLineAsync($"error: {exception.Message}");
    return 1;
}
