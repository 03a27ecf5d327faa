namespace Jigsaw.Tokenization.Templates;

/// <summary>A list or a tuple.</summary>
internal sealed class TemplateList(List<object?> items, bool isTuple = false, IReadOnlyList<string>? names = null)
{
    public List<object?> Items { get; } = items;

    public bool IsTuple { get; } = isTuple;

    /// <summary>Names of a tuple's items, for <c>groupby</c>.</summary>
    public IReadOnlyList<string>? Names { get; } = names;

    public static TemplateList Of(IEnumerable<object?> items)
    {
        var list = new List<object?>();
        foreach (var item in items)
        {
            TemplateWork.SpendItems(0);
            list.Add(item);
        }

        return new TemplateList(list);
    }

    public static TemplateList Tuple(params object?[] items) => new([.. items], isTuple: true);
}
