using System.Buffers;
using System.Text.Json;
using Parquet;
using Parquet.Data;
using Parquet.Schema;

namespace Jigsaw.Data;

/// <summary>The rows of a Parquet file as JSON, one group of rows at a time. What is null is left out, since a column can't tell it from what is absent.</summary>
/// <param name="path">The file, for messages.</param>
/// <param name="stream">Its bytes.</param>
/// <param name="columns">The columns that are read.</param>
/// <param name="unread">Counts the others.</param>
internal sealed class ParquetRows(string path, Stream stream, IReadOnlySet<string> columns, FieldTally unread)
{
    private const long MaximumGroup = 2L << 30;

    /// <summary>The rows.</summary>
    /// <exception cref="ChatDataException">The file is damaged, or has columns of a kind that isn't read.</exception>
    public IEnumerable<DataRow> Read()
    {
        using var window = new ParquetWindow(stream);
        var reader = Guarded(() =>
        {
            ParquetFooter.Require(stream);
            return ParquetReader.CreateAsync(window, leaveStreamOpen: true).GetAwaiter().GetResult();
        });
        try
        {
            var fields = Guarded(() => reader.Schema.Fields.ToArray());
            var read = fields.Where(field => columns.Contains(field.Name)).ToArray();
            if (ChatFormats.Find([.. read.Select(field => field.Name)]) is null)
            {
                throw new ChatDataException(path, null, $"is not of chats: its columns are {ChatFormats.Names(fields.Select(field => field.Name))}. {ChatFormats.Known}");
            }

            var buffer = new ArrayBufferWriter<byte>();
            using var writer = new Utf8JsonWriter(buffer);
            var number = 0L;
            for (var group = 0; group < Guarded(() => reader.RowGroupCount); group++)
            {
                var (rows, open) = Guarded(() => Open(reader, window, group, read));
                foreach (var other in fields.Except(read))
                {
                    unread.Add(other.Name, rows);
                }

                try
                {
                    for (var row = 0L; row < rows; row++)
                    {
                        number++;
                        buffer.ResetWrittenCount();
                        writer.Reset();
                        Guarded(() =>
                        {
                            Write(writer, open);
                            return true;
                        }, number);
                        if (buffer.WrittenCount > JsonRows.MaximumRow)
                        {
                            throw new ChatDataException(path, DataRow.PlaceOf(0, number), $"has more than {JsonRows.MaximumRow} bytes, the most that a row may have; write one chat per row, and long ones in parts.");
                        }

                        yield return new DataRow(0, 0, number, buffer.WrittenMemory);
                    }

                    if (open.Any(column => !column.IsAtEnd))
                    {
                        throw Damaged(number, null);
                    }
                }
                finally
                {
                    foreach (var column in open)
                    {
                        column.Dispose();
                    }
                }
            }
        }
        finally
        {
            Guarded(() =>
            {
                reader.DisposeAsync().AsTask().GetAwaiter().GetResult();
                return true;
            });
        }
    }

    private (long Rows, IReadOnlyList<ParquetColumn> Columns) Open(ParquetReader reader, ParquetWindow window, int group, IReadOnlyList<Field> fields)
    {
        using var rows = reader.OpenRowGroupReader(group);
        var size = rows.RowGroup.Columns.Sum(column => Math.Max(0, column.MetaData?.TotalUncompressedSize ?? 0));
        if (size > MaximumGroup)
        {
            throw new ChatDataException(path, null, $"has a group of rows with {size} bytes, and at most {MaximumGroup} are read at once; write it with smaller groups of rows.");
        }

        var open = new List<ParquetColumn>();
        try
        {
            foreach (var field in fields)
            {
                open.Add(new ParquetColumn(path, field, leaf => Read(rows, window, leaf)));
            }

            return (rows.RowCount, open);
        }
        catch
        {
            foreach (var column in open)
            {
                column.Dispose();
            }

            throw;
        }
    }

    private RawColumnData Read(ParquetRowGroupReader rows, ParquetWindow window, DataField leaf)
    {
        var column = rows.GetMetadata(leaf)?.MetaData ?? throw new InvalidDataException();
        if (column.NumValues > ParquetPages.MaximumValues)
        {
            throw new ChatDataException(path, null, $"has a group of rows with {column.NumValues} values of the column {leaf.Path}, and at most {ParquetPages.MaximumValues} are read at once; write it with smaller groups of rows.");
        }

        window.End = ParquetPages.Require(stream, column);
        try
        {
            return rows.ReadRawColumnDataBaseAsync(leaf).AsTask().GetAwaiter().GetResult();
        }
        finally
        {
            window.End = stream.Length;
        }
    }

    private static void Write(Utf8JsonWriter writer, IReadOnlyList<ParquetColumn> open)
    {
        writer.WriteStartObject();
        foreach (var column in open)
        {
            column.WriteRow(writer);
        }

        writer.WriteEndObject();
        writer.Flush();
    }

    /// <summary>A damaged file makes the library fail in any way, and each of them is the same sentence.</summary>
    private T Guarded<T>(Func<T> read, long row = 0)
    {
        try
        {
            return read();
        }
        catch (Exception exception) when (exception is not ChatDataException)
        {
            throw Damaged(row, exception);
        }
    }

    private ChatDataException Damaged(long row, Exception? exception) =>
        new(path, row > 0 ? DataRow.PlaceOf(0, row) : null, $"can't be read as Parquet: the file is cut off or damaged{(exception is null ? "" : $" ({exception.GetType().Name})")}; write or fetch it again.", exception);
}
