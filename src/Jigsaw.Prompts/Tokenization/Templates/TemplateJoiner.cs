namespace Jigsaw.Tokenization.Templates;

/// <summary>What <c>joiner(…)</c> gives: nothing at the first call, then its separator.</summary>
internal sealed class TemplateJoiner(object? separator) : ITemplateCallable
{
    private bool _used;

    public object? Member(string name) => name switch
    {
        "sep" => separator,
        "used" => _used,
        _ => BoundArguments.Missing,
    };

    public object? Call(TemplateInterpreter interpreter, TemplateArguments arguments)
    {
        if (arguments.Positional.Count + arguments.Named.Count > 0)
        {
            throw new TemplateException("calls a joiner with arguments");
        }

        var first = !_used;
        _used = true;
        return first ? MarkedText.Empty : separator;
    }
}
