namespace Jigsaw.Tokenization.Templates;

/// <summary>The variable <c>self</c>, whose members are the template's blocks.</summary>
internal sealed class TemplateSelf(IReadOnlyDictionary<string, TemplateNode.Block> blocks)
{
    public object? Member(TemplateInterpreter interpreter, string name) => blocks.TryGetValue(name, out var block)
        ? new TemplateFunction(name, string.Empty, (_, _) => interpreter.RenderBlock(block))
        : BoundArguments.Missing;
}
