using System.Runtime.CompilerServices;

namespace Jigsaw.Tokenization.Templates;

/// <summary>
/// Bounds what one rendering may cost, whatever its template says. Every operation spends units in proportion to the characters and items
/// that it reads or makes, before it makes them; a unit is about a character copied.
/// </summary>
internal sealed class TemplateWork
{
    /// <summary>The longest text, in UTF-16 units.</summary>
    public const int MaximumLength = 32 << 20;

    private const long Allowance = 100_000_000;
    private const int PerInputCharacter = 20;
    private const int MaximumDepth = 1000;

    [ThreadStatic]
    private static TemplateWork? _current;

    private readonly long _allowed;
    private long _spent;
    private int _depth;

    private TemplateWork(long inputLength)
    {
        _allowed = Allowance + (PerInputCharacter * inputLength);
    }

    /// <summary>Runs something under a bound of its own.</summary>
    /// <param name="inputLength">Characters of the conversation.</param>
    /// <param name="run">What is run, on this thread.</param>
    public static T Bound<T>(long inputLength, Func<T> run)
    {
        var outer = _current;
        _current = new TemplateWork(inputLength);
        try
        {
            return run();
        }
        finally
        {
            _current = outer;
        }
    }

    public static void Spend(long units)
    {
        if (_current is { } work && (work._spent += Math.Max(units, 0)) > work._allowed)
        {
            throw new TemplateException($"does more than {work._allowed:N0} steps of work; simplify it, or shorten the conversation");
        }
    }

    /// <summary>Spends for a text that is about to be made.</summary>
    public static void SpendText(long length)
    {
        if (length > MaximumLength)
        {
            throw new TemplateException($"makes a text of {length:N0} characters, more than the {MaximumLength:N0} that one may have");
        }

        Spend(length + 16);
    }

    /// <summary>Spends for a list that is about to be made.</summary>
    public static void SpendItems(long count) => Spend(16 * (count + 1));

    /// <summary>Spends for a search, which in the worst case compares at every place.</summary>
    public static void SpendSearch(int length, int sought) => Spend(length + ((long)length * sought / 64));

    /// <summary>Goes one level deeper into an expression, a call or a value.</summary>
    public static void Enter()
    {
        if (_current is { } work && (++work._depth > MaximumDepth || !RuntimeHelpers.TryEnsureSufficientExecutionStack()))
        {
            throw new TemplateException($"runs deeper than {MaximumDepth} levels; its macros, loops or lists are nested too deep");
        }
    }

    public static void Leave()
    {
        if (_current is { } work)
        {
            work._depth--;
        }
    }
}
