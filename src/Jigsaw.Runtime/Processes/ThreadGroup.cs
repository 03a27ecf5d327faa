namespace Jigsaw.Processes;

/// <summary>Threads of this process that train together, as processes do: for tests, and to try a division of the rows.</summary>
internal sealed class ThreadGroup : IProcessGroup
{
    private readonly Meeting _meeting;

    private ThreadGroup(Meeting meeting, int rank) => (_meeting, Rank) = (meeting, rank);

    /// <inheritdoc/>
    public int Rank { get; }

    /// <inheritdoc/>
    public int Size => _meeting.Given.Length;

    /// <summary>Makes a group, one member for each thread.</summary>
    /// <param name="size">How many threads, at least 1.</param>
    public static IReadOnlyList<IProcessGroup> Of(int size)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 1);
        var meeting = new Meeting(size);
        return [.. Enumerable.Range(0, size).Select(rank => new ThreadGroup(meeting, rank))];
    }

    /// <inheritdoc/>
    public void Sum(Span<float> values)
    {
        var all = _meeting.Exchange(Rank, values.ToArray());
        values.Clear();
        foreach (float[] part in all)
        {
            for (var i = 0; i < values.Length; i++)
            {
                values[i] += part[i];
            }
        }
    }

    /// <inheritdoc/>
    public void Sum(Span<double> values)
    {
        var all = _meeting.Exchange(Rank, values.ToArray());
        values.Clear();
        foreach (double[] part in all)
        {
            for (var i = 0; i < values.Length; i++)
            {
                values[i] += part[i];
            }
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<byte[]> Gather(ReadOnlySpan<byte> value) => [.. _meeting.Exchange(Rank, value.ToArray()).Cast<byte[]>()];

    /// <inheritdoc/>
    public void Abort(string reason) => _meeting.End($"Thread {Rank} of {Size} has ended: {reason}");

    /// <summary>Where the threads wait for each other.</summary>
    private sealed class Meeting(int size)
    {
        private readonly object _lock = new();
        private object[] _result = [];
        private int _arrived;
        private long _round;
        private string? _end;

        public object[] Given { get; } = new object[size];

        public object[] Exchange(int rank, object value)
        {
            lock (_lock)
            {
                ThrowIfEnded();
                Given[rank] = value;
                if (++_arrived == size)
                {
                    (_result, _arrived) = ([.. Given], 0);
                    _round++;
                    Monitor.PulseAll(_lock);
                    return _result;
                }

                for (var round = _round; round == _round;)
                {
                    Monitor.Wait(_lock);
                    if (round == _round)
                    {
                        ThrowIfEnded();
                    }
                }

                return _result;
            }
        }

        public void End(string reason)
        {
            lock (_lock)
            {
                _end ??= reason;
                Monitor.PulseAll(_lock);
            }
        }

        private void ThrowIfEnded()
        {
            if (_end is not null)
            {
                throw new ProcessGroupException(_end);
            }
        }
    }
}
