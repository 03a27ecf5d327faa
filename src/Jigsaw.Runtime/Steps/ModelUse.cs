namespace Jigsaw.Steps;

/// <summary>Keeps a model to one thread at a time: what a forward leaves is taken by the loss that follows it.</summary>
internal sealed class ModelUse
{
    private int _thread;

    /// <summary>Enters; the same thread may enter again.</summary>
    /// <exception cref="InvalidOperationException">Another thread is in.</exception>
    public Scope Enter()
    {
        var now = Environment.CurrentManagedThreadId;
        var before = Interlocked.CompareExchange(ref _thread, now, 0);
        return before == 0 || before == now
            ? new Scope(before == 0 ? this : null)
            : throw new InvalidOperationException("Another thread is using this teacher or student; a pair serves one thread at a time: make a teacher, a student and a bound loss for each thread, on one shared model.");
    }

    /// <summary>Leaves when disposed, if it was the one that entered first.</summary>
    public readonly struct Scope(ModelUse? use) : IDisposable
    {
        public void Dispose()
        {
            if (use is not null)
            {
                Volatile.Write(ref use._thread, 0);
            }
        }
    }
}
