namespace Jigsaw.Processes;

/// <summary>
/// Processes that train together, each with some rows of every step. All of them call the same methods in the same order; a call returns when the others have made it, too. A group serves one thread.
/// </summary>
public interface IProcessGroup
{
    /// <summary>The number of this process, from 0; number 0 writes files and prints.</summary>
    int Rank { get; }

    /// <summary>How many processes there are.</summary>
    int Size { get; }

    /// <summary>Adds up the values of all processes in place: the same numbers, bit for bit, in each of them, and again in a run that repeats this one.</summary>
    /// <param name="values">As many in each process.</param>
    /// <exception cref="ProcessGroupException">Another process has ended.</exception>
    void Sum(Span<float> values);

    /// <summary>Adds up the values of all processes in place, as <see cref="Sum(Span{float})"/> does.</summary>
    /// <param name="values">As many in each process.</param>
    /// <exception cref="ProcessGroupException">Another process has ended.</exception>
    void Sum(Span<double> values);

    /// <summary>What each process gives, for each of them.</summary>
    /// <param name="value">Any number of bytes.</param>
    /// <returns>The values of all processes, by their number.</returns>
    /// <exception cref="ProcessGroupException">Another process has ended.</exception>
    IReadOnlyList<byte[]> Gather(ReadOnlySpan<byte> value);

    /// <summary>Ends the others, which would wait forever, since this process can't go on.</summary>
    /// <param name="reason">Why, as a sentence.</param>
    void Abort(string reason);
}
