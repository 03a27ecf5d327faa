using Jigsaw.Fuzz.Tests.Running;
using Jigsaw.Fuzz.Tests.Targets;

namespace Jigsaw.Fuzz.Tests;

/// <summary>A share of <c>build/fuzz all</c>: each damaged file is read, or refused in a sentence of the library's own.</summary>
public sealed class FuzzTests
{
    private const int Share = 35;
    private const int Seed = 1;

    [Fact]
    public void A_damaged_file_of_each_kind_is_read_or_refused_in_a_sentence() => Assert.All(new FuzzRun([.. FuzzTargets.All.Keys], Seed).Run(Share), report =>
    {
        Assert.True(report.Faults.Count == 0, $"{report}\n{string.Join('\n', report.Faults)}");
        Assert.Equal(Share, report.Read + report.Refused);
        Assert.True(report.Refused >= FuzzTargets.All[report.Target].LeastRefused * Share, $"{report}: the damage doesn't bite.");
    });

    [Fact]
    public void The_watch_sees_a_crash_a_hang_memory_and_an_exception_of_others()
    {
        var report = new FuzzRun([HarmfulTarget.Name], Seed).Run(6)[0];
        Assert.Equal((1, 1), (report.Read, report.Refused));
        Assert.Collection(
            report.Faults.OrderBy(fault => fault.Number),
            fault => Assert.StartsWith("InvalidOperationException: of others", fault.What, StringComparison.Ordinal),
            fault => Assert.StartsWith("the process ended with", fault.What, StringComparison.Ordinal),
            fault => Assert.Equal("more than 5 s", fault.What),
            fault => Assert.Equal("more than 1024 MiB", fault.What));
    }
}
