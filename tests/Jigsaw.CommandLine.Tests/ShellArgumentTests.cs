using System.Diagnostics;
using Jigsaw.CommandLine.Options;

namespace Jigsaw.CommandLine.Tests;

public sealed class ShellArgumentTests
{
    [Theory]
    [InlineData("runs/a", "runs/a")]
    [InlineData("my runs/a", "'my runs/a'")]
    [InlineData("it's", @"'it'\''s'")]
    [InlineData(@"a\b", @"'a\b'")]
    [InlineData("$HOME", "'$HOME'")]
    [InlineData("", "''")]
    public void An_argument_is_quoted_where_a_shell_would_take_it_apart(string argument, string quoted)
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Equal(argument, ShellArgument.Of(argument).Trim('"'));
            return;
        }

        Assert.Equal(quoted, ShellArgument.Of(argument));
        using var shell = Process.Start(new ProcessStartInfo("sh", ["-c", $"printf %s {ShellArgument.Of(argument)}"]) { RedirectStandardOutput = true })!;
        Assert.Equal(argument, shell.StandardOutput.ReadToEnd());
    }
}
