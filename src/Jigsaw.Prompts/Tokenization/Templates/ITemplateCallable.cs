namespace Jigsaw.Tokenization.Templates;

/// <summary>Something that a template can call.</summary>
internal interface ITemplateCallable
{
    object? Call(TemplateInterpreter interpreter, TemplateArguments arguments);
}
