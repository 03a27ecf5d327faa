using System.Buffers;

namespace Jigsaw.CommandLine.Options;

/// <summary>An argument as a shell takes it in one piece.</summary>
internal static class ShellArgument
{
    private static readonly SearchValues<char> _plain = SearchValues.Create($"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_./:,=+@{(OperatingSystem.IsWindows() ? "\\" : "")}");

    /// <summary>The argument, in quotation marks where a shell would take it apart.</summary>
    internal static string Of(string argument) =>
        argument.Length > 0 && !argument.AsSpan().ContainsAnyExcept(_plain) ? argument
        : OperatingSystem.IsWindows() ? $"\"{argument.Replace("\"", "\\\"", StringComparison.Ordinal)}\""
        : $"'{argument.Replace("'", @"'\''", StringComparison.Ordinal)}'";
}
