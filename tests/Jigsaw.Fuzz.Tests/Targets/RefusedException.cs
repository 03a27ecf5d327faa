namespace Jigsaw.Fuzz.Tests.Targets;

/// <summary>A program refused a file: what it printed.</summary>
internal sealed class RefusedException(string message) : Exception(message);
