namespace Jigsaw.Tokenization.Templates;

/// <summary>What can be gone through once: Python's generators and iterators.</summary>
internal sealed class TemplateIterator(IEnumerable<object?> items)
{
    private readonly IEnumerator<object?> _items = items.GetEnumerator();
    private bool _running;

    /// <summary>What is left of it.</summary>
    public IEnumerable<object?> Rest()
    {
        while (Next(out var item))
        {
            yield return item;
        }
    }

    public bool Next(out object? item)
    {
        if (_running)
        {
            throw new TemplateException("goes through a generator while that generator runs");
        }

        TemplateWork.Spend(4);
        _running = true;
        try
        {
            var more = _items.MoveNext();
            item = more ? _items.Current : null;
            return more;
        }
        finally
        {
            _running = false;
        }
    }
}
