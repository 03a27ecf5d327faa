namespace Jigsaw.Tokenization.Templates;

/// <summary>Names and their values, and the scope around them.</summary>
internal sealed class TemplateScope(TemplateScope? outer)
{
    private readonly Dictionary<string, object?> _values = new(StringComparer.Ordinal);

    public void Set(string name, object? value) => _values[name] = value;

    public object? Find(string name)
    {
        for (var scope = this; scope is not null; scope = scope.Outer)
        {
            TemplateWork.Spend(1);
            if (scope._values.TryGetValue(name, out var value))
            {
                return value;
            }
        }

        return TemplateUndefined.Name(name);
    }

    private TemplateScope? Outer => outer;
}
