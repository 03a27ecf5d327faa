namespace Jigsaw.CommandLine.Options;

/// <summary>The command line or the configuration file can't be understood.</summary>
internal sealed class UsageException(string message) : Exception(message);
