namespace Jigsaw.Tokenization.Templates;

/// <summary>A mapping in the order of insertion. Keys keep their marks: a marked key that is equal to an unmarked one marks it.</summary>
internal sealed class TemplateDictionary
{
    private readonly List<KeyValuePair<object?, object?>> _entries = [];
    private readonly Dictionary<TemplateKey, int> _places = [];

    public IReadOnlyList<KeyValuePair<object?, object?>> Entries => _entries;

    public int Count => _entries.Count;

    public object? this[string key]
    {
        set => Set(MarkedText.Plain(key), value);
    }

    public void Set(object? key, object? value)
    {
        TemplateWork.SpendItems(4);
        var place = new TemplateKey(key);
        if (_places.TryGetValue(place, out var at))
        {
            _entries[at] = new(key is MarkedText { Runs.Count: > 0 } or MarkedScalar ? key : _entries[at].Key, value);
        }
        else
        {
            _places.Add(place, _entries.Count);
            _entries.Add(new(key, value));
        }
    }

    public bool TryGet(object? key, out object? value)
    {
        if (_places.TryGetValue(new TemplateKey(key), out var at))
        {
            value = _entries[at].Value;
            return true;
        }

        value = null;
        return false;
    }

    public bool TryGet(string key, out object? value) => TryGet(new MarkedText(key, []), out value);

    public TemplateDictionary Copy()
    {
        var copy = new TemplateDictionary();
        foreach (var (key, value) in _entries)
        {
            copy.Set(key, value);
        }

        return copy;
    }
}
