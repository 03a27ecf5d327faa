using System.Diagnostics;
using System.Runtime.ExceptionServices;

namespace Jigsaw.Client.Arithmetic;

/// <summary>
/// The cores that compute one prompt, step by step. Helpers come from the thread pool once and stay between steps, since waking a thread takes as long as a whole step of a short prompt.
/// The caller does what no helper takes, so a busy pool makes it slower and never makes it wait for a thread. What a task computes doesn't depend on who runs it.
/// </summary>
internal sealed class CoreTeam : IThreadPoolWorkItem, IDisposable
{
    // Below it a second core costs more than it saves.
    private const long WorthACore = 1 << 20;

    private static readonly TimeSpan _patience = TimeSpan.FromMicroseconds(100);

    private readonly int _most;
    private Step? _step;
    private int _helpers;

    /// <summary>Makes a team for a computation.</summary>
    /// <param name="multiplications">Its size.</param>
    /// <param name="cores">The most cores.</param>
    public CoreTeam(long multiplications, int cores) => _most = (int)Math.Min(cores - 1, multiplications / WorthACore);

    /// <summary>Runs tasks, each once, and returns when all have ended.</summary>
    /// <param name="count">How many.</param>
    /// <param name="task">Called with 0 to <paramref name="count"/> − 1, on any thread and in any order.</param>
    public void For(int count, Action<int> task)
    {
        if (_most <= 0 || count <= 1)
        {
            for (var i = 0; i < count; i++)
            {
                task(i);
            }

            return;
        }

        var step = new Step(count, task);
        Volatile.Write(ref _step, step);
        while (Volatile.Read(ref _helpers) < Math.Min(_most, count - 1))
        {
            Interlocked.Increment(ref _helpers);
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }

        step.Work();
        step.Wait();
    }

    /// <summary>Sends the helpers home.</summary>
    public void Dispose() => Volatile.Write(ref _step, null);

    void IThreadPoolWorkItem.Execute()
    {
        while (Volatile.Read(ref _step) is { } step)
        {
            step.Work();
            var (ended, spinner) = (Stopwatch.GetTimestamp(), default(SpinWait));
            while (Volatile.Read(ref _step) == step && Stopwatch.GetElapsedTime(ended) < _patience)
            {
                spinner.SpinOnce(sleep1Threshold: -1);
            }

            if (Volatile.Read(ref _step) == step)
            {
                break;
            }
        }

        Interlocked.Decrement(ref _helpers);
    }

    /// <summary>One step. Who comes late finds its tasks taken.</summary>
    private sealed class Step(int count, Action<int> task)
    {
        private int _taken;
        private int _ended;
        private ExceptionDispatchInfo? _failure;

        public void Work()
        {
            for (var i = Interlocked.Increment(ref _taken); i <= count; i = Interlocked.Increment(ref _taken))
            {
                try
                {
                    task(i - 1);
                }
                catch (Exception exception)
                {
                    // Thrown when all have ended: the others may still use what the caller would free.
                    _failure = ExceptionDispatchInfo.Capture(exception);
                }

                Interlocked.Increment(ref _ended);
            }
        }

        public void Wait()
        {
            var spinner = default(SpinWait);
            while (Volatile.Read(ref _ended) < count)
            {
                spinner.SpinOnce(sleep1Threshold: -1);
            }

            _failure?.Throw();
        }
    }
}
