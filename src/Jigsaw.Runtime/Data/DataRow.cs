using System.Globalization;

namespace Jigsaw.Data;

/// <summary>One row of a data file as JSON, before anything is made of it.</summary>
/// <param name="Offset">Where its bytes begin in the unpacked file; 0 for a row of Parquet.</param>
/// <param name="Line">Its line, counted from 1; 0 where lines mean nothing.</param>
/// <param name="Number">Its number, counted from 1; 0 where the line says it.</param>
/// <param name="Bytes">Its JSON, valid until the next row is taken.</param>
internal readonly record struct DataRow(long Offset, long Line, long Number, ReadOnlyMemory<byte> Bytes)
{
    /// <summary>The place of the row, for messages.</summary>
    public string Place => PlaceOf(Line, Number);

    /// <summary>The place of a row, for messages.</summary>
    public static string PlaceOf(long line, long number) => (line, number) switch
    {
        (_, 0) => string.Create(CultureInfo.InvariantCulture, $"line {line}"),
        (0, _) => string.Create(CultureInfo.InvariantCulture, $"row {number}"),
        _ => string.Create(CultureInfo.InvariantCulture, $"line {line}, row {number}"),
    };
}
