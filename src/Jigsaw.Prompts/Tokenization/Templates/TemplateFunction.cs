namespace Jigsaw.Tokenization.Templates;

/// <summary>A function of the environment: a filter, a test, a method bound to its value, or a global.</summary>
internal sealed class TemplateFunction(string name, string parameters, Func<TemplateInterpreter, BoundArguments, object?> body) : ITemplateCallable
{
    private readonly TemplateSignature _signature = new(name, parameters);

    public string Name => name;

    public object? Call(TemplateInterpreter interpreter, TemplateArguments arguments) => body(interpreter, _signature.Bind(arguments));
}
