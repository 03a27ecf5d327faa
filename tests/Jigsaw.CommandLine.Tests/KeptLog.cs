using Microsoft.Extensions.Logging;

namespace Jigsaw.CommandLine.Tests;

/// <summary>A logger that keeps what it receives.</summary>
internal sealed class KeptLog : ILoggerFactory, ILogger
{
    public List<(LogLevel Level, string Text)> Entries { get; } = [];

    public string? Category { get; private set; }

    public ILogger CreateLogger(string categoryName)
    {
        Category = categoryName;
        return this;
    }

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        Entries.Add((logLevel, formatter(state, exception)));

    public void Dispose()
    {
    }
}
