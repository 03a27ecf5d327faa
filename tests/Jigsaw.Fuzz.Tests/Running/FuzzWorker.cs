using System.Globalization;
using Jigsaw.Fuzz.Tests.Targets;
using Jigsaw.Runtime.Tests;

namespace Jigsaw.Fuzz.Tests.Running;

/// <summary>The process that reads damaged files. It says on its output what it is about to read, so that whoever watches it knows what ended it: <c>ready KIND</c>, <c>N</c> before and <c>N read</c>, <c>N refused</c> or <c>N fault …</c> after each.</summary>
internal static class FuzzWorker
{
    public static int Run(IReadOnlyList<string> kinds, int seed, int first, int count)
    {
        // What a program prints while it reads must not be taken for a line of this protocol.
        var output = Console.Out;
        Console.SetOut(TextWriter.Null);
        for (var i = 0; i < kinds.Count; i++)
        {
            Run(FuzzTargets.Named(kinds[i]), seed, i == 0 ? first : 0, i == 0 ? count - first : count, output);
        }

        return 0;
    }

    private static void Run(FuzzTarget target, int seed, int first, int count, TextWriter output)
    {
        using var folder = new TemporaryFolder();
        target.Prepare(folder.Path);
        var good = File.ReadAllBytes(folder[target.File]);
        target.Read(folder.Path);
        Say($"ready {target.Name}");
        for (var number = first; number < first + count; number++)
        {
            var damaged = new FuzzCase(target, seed, number);
            damaged.Write(folder.Path, good);
            Say(number.ToString(CultureInfo.InvariantCulture));
            var (isRead, fault) = damaged.Read(folder.Path);
            Say(string.Create(CultureInfo.InvariantCulture, $"{number} {(isRead ? "read" : fault is null ? "refused" : "fault " + fault)}"));
        }

        void Say(string line)
        {
            output.WriteLine(line);
            output.Flush();
        }
    }
}
