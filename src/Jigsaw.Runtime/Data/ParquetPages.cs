using Parquet.Meta;

namespace Jigsaw.Data;

/// <summary>
/// Walks the headers of a column's pages, which are structures in Thrift's compact protocol, before the library does: a header can claim a list without an end, or sizes that nothing in the file has.
/// </summary>
internal static class ParquetPages
{
    /// <summary>The most values of a column in a group of rows: the library holds all of their levels.</summary>
    public const long MaximumValues = 1L << 26;

    private const int DataPage = 0;
    private const int DictionaryPage = 2;
    private const int DataPage2 = 3;
    private const int FirstWindow = 1 << 12;
    private const int MaximumHeader = 1 << 24;

    // A page is read whole; writers make pages of about one MiB.
    private const long LeastAllowedPage = 1L << 28;

    /// <summary>Refuses a column whose pages can't be whole.</summary>
    /// <param name="stream">The file.</param>
    /// <param name="column">What the description says of the column.</param>
    /// <returns>Where the last page ends that is read.</returns>
    /// <exception cref="InvalidDataException">A header is damaged, or the pages end before the column's values do.</exception>
    public static long Require(Stream stream, ColumnMetaData column)
    {
        var at = column.DictionaryPageOffset is > 0 and var dictionary && dictionary < column.DataPageOffset ? dictionary : column.DataPageOffset;
        var largest = Math.Max(LeastAllowedPage, column.TotalUncompressedSize);
        for (var values = 0L; values < column.NumValues;)
        {
            if (at < 4 || at >= stream.Length)
            {
                throw new InvalidDataException();
            }

            var page = Read(stream, at);
            at += page.HeaderSize + page.CompressedSize;
            if (at > stream.Length || page.Size > largest || page.Count > (page.Type == DictionaryPage ? page.Size : column.NumValues))
            {
                throw new InvalidDataException();
            }

            values += page.Type is DataPage or DataPage2 ? page.Count : 0;
        }

        return at;
    }

    /// <summary>Reads the header at a place; one with long statistics is longer than most.</summary>
    private static Page Read(Stream stream, long at)
    {
        for (var size = FirstWindow; ; size = Math.Min(size << 4, MaximumHeader))
        {
            var bytes = new byte[Math.Min(size, stream.Length - at)];
            stream.Position = at;
            stream.ReadExactly(bytes);
            try
            {
                return Read(bytes);
            }
            catch (InvalidDataException) when (bytes.Length == size && size < MaximumHeader)
            {
                // Perhaps it goes on behind the window.
            }
        }
    }

    private static Page Read(byte[] bytes)
    {
        var whole = new ThriftReader(bytes);
        whole.Structure(ParquetFormat.PageHeader);
        var reader = new ThriftReader(bytes);
        var (page, id) = (new Page(-1, -1, -1, 0, 0), 0L);
        while (reader.Field(ref id) is > 0 and var type)
        {
            switch (id)
            {
                case 1:
                    page = page with { Type = reader.Count(type) };
                    break;
                case 2:
                    page = page with { Size = reader.Count(type) };
                    break;
                case 3:
                    page = page with { CompressedSize = reader.Count(type) };
                    break;
                case 5 or 7 or 8:
                    page = page with { Count = Values(ref reader, type) };
                    break;
                default:
                    reader.SkipField(type);
                    break;
            }
        }

        return page is { Type: >= 0, Size: >= 0, CompressedSize: >= 0 } ? page with { HeaderSize = reader.Position } : throw new InvalidDataException();
    }

    /// <summary>The first field of the part that belongs to the kind of page is how many values it has.</summary>
    private static int Values(ref ThriftReader reader, int type)
    {
        if (type != ThriftReader.Struct)
        {
            throw new InvalidDataException();
        }

        var (count, id) = (0, 0L);
        while (reader.Field(ref id) is > 0 and var field)
        {
            if (id == 1)
            {
                count = reader.Count(field);
            }
            else
            {
                reader.SkipField(field);
            }
        }

        return count;
    }

    private readonly record struct Page(int Type, int Size, int CompressedSize, int Count, int HeaderSize);
}
