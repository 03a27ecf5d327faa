using Parquet;

namespace Jigsaw.Fuzz.Tests.Mutations;

/// <summary>Damages the header of a page of a Parquet file, which is a structure in Thrift's compact protocol: fields of other types, lists that never end, numbers without measure. Half of the edits are of bytes anywhere.</summary>
internal sealed class PageMutator : Mutator
{
    private const int HeaderSize = 24;

    // A field that is a list or a map of truths, bytes, numbers, texts or structures.
    private static readonly byte[] _fields = [0x18, 0x19, 0x1A, 0x1B, 0x1C, 0x29, 0x49, 0x99];
    private static readonly byte[] _elements = [0xF1, 0xF3, 0xF5, 0xF8, 0xF9, 0xFB, 0xFC, 0xF0];
    private static readonly byte[] _endless = [0xFF, 0xFF, 0xFF, 0xFF, 0x07];

    private readonly ByteMutator _bytes = new(atEnd: true);
    private long[]? _pages;

    protected override byte[] Edit(byte[] bytes, Random random)
    {
        // The first file is the good one.
        var pages = _pages ??= PagesAsync(bytes).GetAwaiter().GetResult();
        var at = (int)Math.Min(pages[random.Next(pages.Length)] + random.Next(HeaderSize), bytes.Length);
        if (random.Next(2) == 0 || at == bytes.Length)
        {
            return _bytes.Mutate(bytes, random);
        }

        byte[] list = [_fields[random.Next(_fields.Length)], _elements[random.Next(_elements.Length)], .. _endless];
        switch (random.Next(4))
        {
            case 0:
                bytes = [.. bytes];
                bytes[at] ^= (byte)(1 << random.Next(8));
                return bytes;
            case 1:
                bytes = [.. bytes];
                bytes[at] = random.Next(2) == 0 ? _fields[random.Next(_fields.Length)] : _elements[random.Next(_elements.Length)];
                return bytes;
            case 2:
                return [.. bytes.AsSpan(0, at), .. random.Next(2) == 0 ? list : _endless, .. bytes.AsSpan(at)];
            default:
                bytes = [.. bytes];
                list.AsSpan(0, Math.Min(list.Length, bytes.Length - at)).CopyTo(bytes.AsSpan(at));
                return bytes;
        }
    }

    private static async Task<long[]> PagesAsync(byte[] bytes)
    {
        using var stream = new MemoryStream(bytes);
        await using var reader = await ParquetReader.CreateAsync(stream);
        var pages = new List<long>();
        for (var group = 0; group < reader.RowGroupCount; group++)
        {
            using var rows = reader.OpenRowGroupReader(group);
            foreach (var column in rows.RowGroup.Columns)
            {
                pages.AddRange(((long[])[column.MetaData!.DictionaryPageOffset ?? 0, column.MetaData.DataPageOffset]).Where(page => page > 0));
            }
        }

        return [.. pages];
    }
}
