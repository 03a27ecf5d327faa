namespace Jigsaw.Tokenization;

/// <summary>Finds the contents at characters of a rendered chat.</summary>
internal sealed class ContentPlaces(IReadOnlyList<ContentSpan> contents)
{
    /// <summary>The contents that have a character of [start, end).</summary>
    public IEnumerable<ContentSpan> Between(int start, int end)
    {
        var (low, high) = (0, contents.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = contents[middle].End <= start ? (middle + 1, high) : (low, middle);
        }

        for (var i = low; i < contents.Count && contents[i].Start < end; i++)
        {
            yield return contents[i];
        }
    }
}
