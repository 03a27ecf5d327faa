using Jigsaw.Client.Arithmetic;

namespace Jigsaw.Client.Tests.Arithmetic;

public sealed class CoreTeamTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(9)]
    public void Each_task_of_each_step_runs_once_and_before_the_next_step(int cores)
    {
        using var team = new CoreTeam(long.MaxValue, cores);
        for (var round = 0; round < 200; round++)
        {
            var runs = new int[round];
            team.For(round, i => Interlocked.Increment(ref runs[i]));
            Assert.All(runs, count => Assert.Equal(1, count));
        }
    }

    [Fact]
    public void A_step_has_more_threads_than_the_caller_if_it_is_large_and_only_him_if_it_is_small()
    {
        using var together = new Barrier(2);
        using (var team = new CoreTeam(1L << 30, 2))
        {
            // Either task waits for the other, so one thread alone would never end.
            team.For(2, _ => Assert.True(together.SignalAndWait(TimeSpan.FromMinutes(1))));
        }

        using var small = new CoreTeam(1000, 2);
        var threads = new HashSet<int>();
        small.For(50, _ => threads.Add(Environment.CurrentManagedThreadId));
        Assert.Equal(Environment.CurrentManagedThreadId, Assert.Single(threads));
    }

    [Fact]
    public void An_exception_comes_to_the_caller_when_all_tasks_have_ended()
    {
        using var team = new CoreTeam(long.MaxValue, 3);
        var ended = 0;
        var thrown = Assert.Throws<InvalidOperationException>(() => team.For(20, i =>
        {
            Thread.Sleep(1);
            Interlocked.Increment(ref ended);
            if (i % 7 == 0)
            {
                throw new InvalidOperationException("no");
            }
        }));
        Assert.Equal("no", thrown.Message);
        Assert.Equal(20, ended);
        team.For(3, _ => Interlocked.Increment(ref ended));
        Assert.Equal(23, ended);
    }
}
