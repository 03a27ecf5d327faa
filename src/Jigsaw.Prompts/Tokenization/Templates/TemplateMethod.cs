namespace Jigsaw.Tokenization.Templates;

/// <summary>A method of a value's class.</summary>
internal sealed class TemplateMethod<T>(string name, string parameters, Func<TemplateInterpreter, T, BoundArguments, object?> body)
{
    private readonly TemplateSignature _signature = new(name, parameters);

    public string Name => name;

    public ITemplateCallable Bind(T self) => new Bound(this, self);

    private sealed record Bound(TemplateMethod<T> Method, T Self) : ITemplateCallable
    {
        public object? Call(TemplateInterpreter interpreter, TemplateArguments arguments) => Method.Call(interpreter, Self, arguments);
    }

    private object? Call(TemplateInterpreter interpreter, T self, TemplateArguments arguments) => body(interpreter, self, _signature.Bind(arguments));
}
