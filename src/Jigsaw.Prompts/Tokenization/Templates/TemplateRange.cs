using System.Numerics;

namespace Jigsaw.Tokenization.Templates;

/// <summary>Python's range, of at most 100 000 numbers as in Jinja's sandbox.</summary>
internal sealed class TemplateRange
{
    private const int MaximumCount = 100_000;

    public TemplateRange(BigInteger start, BigInteger stop, BigInteger step)
    {
        if (step.IsZero)
        {
            throw new TemplateException("gives range a step of 0");
        }

        (Start, Stop, Step) = (start, stop, step);
        var span = step.Sign > 0 ? stop - start : start - stop;
        var count = span.Sign <= 0 ? 0 : ((span - 1) / BigInteger.Abs(step)) + 1;
        Count = count <= MaximumCount ? (int)count : throw new TemplateException($"asks for a range of more than {MaximumCount:N0} numbers");
    }

    public BigInteger Start { get; }

    public BigInteger Stop { get; }

    public BigInteger Step { get; }

    public int Count { get; }

    public object this[int index] => Start + (index * Step);

    public IEnumerable<object?> Items => Enumerable.Range(0, Count).Select(i => (object?)this[i]);

    public bool Contains(object? value) => TemplateNumbers.Exact(value) is { } number
        && (number - Start) % Step == 0 && (number - Start) / Step is var at && at.Sign >= 0 && at < Count;
}
