namespace Jigsaw.Tokenization.Templates;

/// <summary>What <c>cycler(…)</c> gives: values one after the other, from the beginning again at the end.</summary>
internal sealed class TemplateCycler(IReadOnlyList<object?> items)
{
    private int _at;

    public object? Member(string name) => name switch
    {
        "current" => items[_at],
        "pos" => new System.Numerics.BigInteger(_at),
        "items" => TemplateList.Tuple([.. items]),
        "next" => new TemplateFunction("next", string.Empty, (_, _) => Next()),
        "reset" => new TemplateFunction("reset", string.Empty, (_, _) => Reset()),
        _ => BoundArguments.Missing,
    };

    private object? Next()
    {
        var current = items[_at];
        _at = (_at + 1) % items.Count;
        return current;
    }

    private object? Reset()
    {
        _at = 0;
        return null;
    }
}
