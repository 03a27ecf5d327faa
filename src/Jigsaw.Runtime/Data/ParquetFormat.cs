namespace Jigsaw.Data;

/// <summary>The structures of a Parquet file's descriptions, after parquet.thrift of Apache's parquet-format 2.12. A reader takes a field of a number to be of the type that it has there.</summary>
internal static class ParquetFormat
{
    // Each structure with its fields from number 1: t truth, y byte, h, i, l whole numbers of 16, 32 and 64 bits, d floating-point, b bytes, [ ] a list, - none.
    private static readonly (string Name, string Fields)[] _structures =
    [
        ("Empty", ""),
        ("KeyValue", "b b"),
        ("Statistics", "b b l l b b t t"),
        ("Decimal", "i i"),
        ("TimeUnit", "Empty Empty Empty"),
        ("Time", "t TimeUnit"),
        ("Integer", "y t"),
        ("Variant", "y"),
        ("Geometry", "b"),
        ("Geography", "b i"),
        ("LogicalType", "Empty Empty Empty Empty Decimal Empty Time Time - Integer Empty Empty Empty Empty Empty Variant Geometry Geography"),
        ("SchemaElement", "i i i b i i i i i LogicalType"),
        ("PageEncodingStats", "i i i"),
        ("SizeStatistics", "l [l] [l]"),
        ("BoundingBox", "d d d d d d d d"),
        ("GeospatialStatistics", "BoundingBox [i]"),
        ("ColumnMetaData", "i [i] [b] i l l l [KeyValue] l l l Statistics [PageEncodingStats] l i SizeStatistics GeospatialStatistics"),
        ("ColumnKey", "[b] b"),
        ("ColumnCrypto", "Empty ColumnKey"),
        ("ColumnChunk", "b l ColumnMetaData l i l i ColumnCrypto b"),
        ("SortingColumn", "i t t"),
        ("RowGroup", "[ColumnChunk] l l [SortingColumn] l l h"),
        ("Aes", "b b t"),
        ("Encryption", "Aes Aes"),
        ("ColumnOrder", "Empty"),
        ("FileMetaData", "i [SchemaElement] l [RowGroup] [KeyValue] b [ColumnOrder] Encryption b"),
        ("DataPageHeader", "i i i i Statistics"),
        ("DictionaryPageHeader", "i i t"),
        ("DataPageHeaderV2", "i i i i i i t Statistics"),
        ("PageHeader", "i i i i DataPageHeader Empty DictionaryPageHeader DataPageHeaderV2"),
    ];

    private static readonly Dictionary<string, ThriftStruct> _all = [];

    static ParquetFormat()
    {
        foreach (var (name, fields) in _structures)
        {
            _all.Add(name, new ThriftStruct(fields.Split(' ').Index().Where(field => field.Item is not ("" or "-")).ToDictionary(field => field.Index + 1L, field => FieldOf(field.Item))));
        }
    }

    /// <summary>The description at the end of a file.</summary>
    public static ThriftStruct FileMetaData => _all["FileMetaData"];

    /// <summary>What stands before a page.</summary>
    public static ThriftStruct PageHeader => _all["PageHeader"];

    private static ThriftStruct.Field FieldOf(string text)
    {
        var isList = text[0] == '[';
        var name = isList ? text[1..^1] : text;
        var of = _all.GetValueOrDefault(name);
        var type = name switch { "t" => 2, "y" => 3, "h" => 4, "i" => 5, "l" => 6, "d" => 7, "b" => 8, _ when of is not null => 12, _ => throw new InvalidOperationException($"There is no structure '{name}' before this one.") };
        return isList ? new(9, type, of) : new(type, 0, of);
    }
}
