using System.Globalization;
using System.Text.Json;
using System.Text.Unicode;
using Parquet.Data;
using Parquet.Schema;

namespace Jigsaw.Data;

/// <summary>
/// A column of one group of rows, whatever is nested in it, written as JSON row after row. Its leaves are put together by their definition
/// and repetition levels, as Dremel's paper does it (Melnik et al., 2010).
/// </summary>
internal sealed class ParquetColumn : IDisposable
{
    private readonly string _path;
    private readonly Field _field;
    private readonly Dictionary<Field, Leaf> _leaves = [];

    public ParquetColumn(string path, Field field, Func<DataField, RawColumnData> read)
    {
        (_path, _field) = (path, field);
        try
        {
            foreach (var leaf in Leaves(field))
            {
                _leaves.Add(leaf, new Leaf(leaf, read(leaf)));
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>True if no row is left.</summary>
    public bool IsAtEnd => _leaves.Values.All(leaf => leaf.IsAtEnd);

    /// <summary>Writes the field of the next row; nothing if it is null.</summary>
    public void WriteRow(Utf8JsonWriter writer) => Write(writer, _field, _field.Name);

    public void Dispose()
    {
        foreach (var leaf in _leaves.Values)
        {
            leaf.Dispose();
        }
    }

    private static IEnumerable<DataField> Leaves(Field field) => field switch
    {
        DataField leaf => [leaf],
        StructField group => group.Fields.SelectMany(Leaves),
        ListField list => Leaves(list.Item),
        MapField map => Leaves(map.Key).Concat(Leaves(map.Value)),
        _ => throw new InvalidDataException(),
    };

    /// <summary>Writes a value under its name, or, where there is none, as the element of a list.</summary>
    private void Write(Utf8JsonWriter writer, Field field, string? name)
    {
        var first = _leaves[Leaves(field).First()];
        switch (field)
        {
            case DataField { IsArray: false }:
                first.Write(writer, name, _path);
                break;
            case DataField:
                WriteList(writer, field, name, first, () => first.Write(writer, null, _path));
                break;
            case StructField group when first.Definition < group.MaxDefinitionLevel:
                Skip(writer, field, name);
                break;
            case StructField group:
                Begin(writer, name, isArray: false);
                foreach (var child in group.Fields)
                {
                    Write(writer, child, child.Name);
                }

                writer.WriteEndObject();
                break;
            case ListField list:
                WriteList(writer, field, name, first, () => Write(writer, list.Item, null));
                break;
            case MapField map when first.Definition < map.MaxDefinitionLevel:
                Skip(writer, field, name);
                break;
            case MapField map:
                Begin(writer, name, isArray: false);
                do
                {
                    Write(writer, map.Value, first.TakeText());
                }
                while (first.Repetition >= map.MaxRepetitionLevel);
                writer.WriteEndObject();
                break;
        }
    }

    private void WriteList(Utf8JsonWriter writer, Field list, string? name, Leaf first, Action writeItem)
    {
        if (first.Definition < list.MaxDefinitionLevel)
        {
            // One level below its elements a list is there and empty; further down it is null.
            if (first.Definition == list.MaxDefinitionLevel - 1 && list is not DataField)
            {
                Begin(writer, name, isArray: true);
                writer.WriteEndArray();
                Advance(list);
            }
            else
            {
                Skip(writer, list, name);
            }

            return;
        }

        Begin(writer, name, isArray: true);
        do
        {
            writeItem();
        }
        while (first.Repetition >= list.MaxRepetitionLevel);
        writer.WriteEndArray();
    }

    private void Skip(Utf8JsonWriter writer, Field field, string? name)
    {
        if (name is null)
        {
            writer.WriteNullValue();
        }

        Advance(field);
    }

    private void Advance(Field field)
    {
        foreach (var leaf in Leaves(field))
        {
            _leaves[leaf].Advance();
        }
    }

    private static void Begin(Utf8JsonWriter writer, string? name, bool isArray)
    {
        if (name is not null)
        {
            writer.WritePropertyName(name);
        }

        if (isArray)
        {
            writer.WriteStartArray();
        }
        else
        {
            writer.WriteStartObject();
        }
    }

    /// <summary>The values of a leaf with their levels, taken one after another.</summary>
    private sealed class Leaf(DataField column, RawColumnData data) : IDisposable
    {
        private int _entry;
        private int _value;

        private int Entries => data.DefinitionLevels.Length > 0 ? data.DefinitionLevels.Length : Values;

        private int Values => data switch
        {
            RawColumnData<ReadOnlyMemory<char>> text => text.Values.Length,
            RawColumnData<ReadOnlyMemory<byte>> bytes => bytes.Values.Length,
            RawColumnData<bool> flags => flags.Values.Length,
            RawColumnData<int> numbers => numbers.Values.Length,
            RawColumnData<long> numbers => numbers.Values.Length,
            RawColumnData<float> numbers => numbers.Values.Length,
            RawColumnData<double> numbers => numbers.Values.Length,
            _ => data.DefinitionLevels.Length,
        };

        public bool IsAtEnd => _entry >= Entries;

        public int Definition => IsAtEnd ? throw new InvalidDataException() : data.DefinitionLevels.Length > 0 ? data.DefinitionLevels[_entry] : column.MaxDefinitionLevel;

        /// <summary>The level at which the next entry repeats; below every level where there is none.</summary>
        public int Repetition => IsAtEnd ? -1 : data.RepetitionLevels.Length > 0 ? data.RepetitionLevels[_entry] : 0;

        public void Advance()
        {
            _ = Definition;
            _entry++;
        }

        public string TakeText()
        {
            var text = Definition == column.MaxDefinitionLevel && data is RawColumnData<ReadOnlyMemory<char>> texts ? texts.Values[_value].ToString() : throw new InvalidDataException();
            _value++;
            _entry++;
            return text;
        }

        public void Write(Utf8JsonWriter writer, string? name, string path)
        {
            var isNull = Definition < column.MaxDefinitionLevel;
            _entry++;
            if (isNull)
            {
                if (name is null)
                {
                    writer.WriteNullValue();
                }

                return;
            }

            if (name is not null)
            {
                writer.WritePropertyName(name);
            }

            var at = _value++;
            switch (data)
            {
                case RawColumnData<ReadOnlyMemory<char>> text:
                    writer.WriteStringValue(text.Values[at].Span);
                    break;
                case RawColumnData<ReadOnlyMemory<byte>> bytes when Utf8.IsValid(bytes.Values[at].Span):
                    writer.WriteStringValue(bytes.Values[at].Span);
                    break;
                case RawColumnData<bool> flags:
                    writer.WriteBooleanValue(flags.Values[at]);
                    break;
                case RawColumnData<int> numbers:
                    writer.WriteNumberValue(numbers.Values[at]);
                    break;
                case RawColumnData<long> numbers:
                    writer.WriteNumberValue(numbers.Values[at]);
                    break;
                case RawColumnData<float> numbers:
                    writer.WriteNumberValue(numbers.Values[at]);
                    break;
                case RawColumnData<double> numbers:
                    writer.WriteNumberValue(numbers.Values[at]);
                    break;
                default:
                    throw new ChatDataException(path, null, string.Create(CultureInfo.InvariantCulture, $"has the column {column.Path} of {column.ClrType.Name}; write it as text, as a whole number, or as a floating-point one."));
            }
        }

        public void Dispose() => data.Dispose();
    }
}
