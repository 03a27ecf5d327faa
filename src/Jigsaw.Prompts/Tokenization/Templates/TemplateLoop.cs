using System.Numerics;

namespace Jigsaw.Tokenization.Templates;

/// <summary>The variable <c>loop</c> of a for statement.</summary>
internal sealed class TemplateLoop(IReadOnlyList<object?> items, int depth, Func<object?, int, MarkedText>? recurse) : ITemplateCallable
{
    private object? _lastChanged = BoundArguments.Missing;

    public int Index0 { get; set; }

    public int Count => items.Count;

    public object? Member(string name) => name switch
    {
        "index" => new BigInteger(Index0 + 1),
        "index0" => new BigInteger(Index0),
        "revindex" => new BigInteger(Count - Index0),
        "revindex0" => new BigInteger(Count - Index0 - 1),
        "first" => Index0 == 0,
        "last" => Index0 == Count - 1,
        "length" => new BigInteger(Count),
        "depth" => new BigInteger(depth + 1),
        "depth0" => new BigInteger(depth),
        "previtem" => Index0 > 0 ? items[Index0 - 1] : new TemplateUndefined("uses the item before the first of a loop"),
        "nextitem" => Index0 < Count - 1 ? items[Index0 + 1] : new TemplateUndefined("uses the item behind the last of a loop"),
        "cycle" => new TemplateFunction("cycle", "*", (_, a) => Cycle(a.All.Positional)),
        "changed" => new TemplateFunction("changed", "*", (_, a) => HasChanged(a.All.Positional)),
        _ => BoundArguments.Missing,
    };

    public object? Call(TemplateInterpreter interpreter, TemplateArguments arguments)
    {
        if (recurse is null)
        {
            throw new TemplateException("calls a loop that is not marked 'recursive'");
        }

        return arguments is { Positional: [var inner], Named.Count: 0 } ? recurse(inner, depth + 1) : throw new TemplateException("calls a loop with other than one argument");
    }

    private object? Cycle(IReadOnlyList<object?> values) =>
        values.Count > 0 ? values[Index0 % values.Count] : throw new TemplateException("calls 'cycle' without arguments");

    private bool HasChanged(IReadOnlyList<object?> values)
    {
        var current = TemplateList.Tuple([.. values]);
        var changed = _lastChanged == BoundArguments.Missing || !TemplateComparison.AreEqual(_lastChanged, current);
        _lastChanged = changed ? current : _lastChanged;
        return changed;
    }
}
