using System.Globalization;

namespace Jigsaw.Data;

/// <summary>Cuts a stream of JSON into rows: its lines, or the elements of its array. It holds one row at a time, of bounded length.</summary>
/// <param name="path">The file, for messages.</param>
/// <param name="stream">Its unpacked bytes.</param>
internal sealed class JsonRows(string path, Stream stream)
{
    /// <summary>The most bytes of a row.</summary>
    public const int MaximumRow = 32 << 20;

    private byte[] _buffer = new byte[1 << 16];
    private int _start;
    private int _end;
    private long _offset;
    private long _line = 1;

    /// <summary>The rows.</summary>
    /// <exception cref="ChatDataException">The stream is damaged, a row is too long, or an array isn't one.</exception>
    public IEnumerable<DataRow> Read()
    {
        if (Has(3) && _buffer.AsSpan(_start, 3).SequenceEqual("\uFEFF"u8))
        {
            Skip(3);
        }

        SkipWhiteSpace();
        return Has(1) && _buffer[_start] == '[' ? Elements() : Lines();
    }

    private IEnumerable<DataRow> Lines()
    {
        var scanned = 0;
        while (true)
        {
            var at = _buffer.AsSpan(_start + scanned, _end - _start - scanned).IndexOf((byte)'\n');
            if (at < 0)
            {
                scanned = _end - _start;
                CheckLength(scanned, _line, 0);
                if (Fill())
                {
                    continue;
                }
            }

            var length = at < 0 ? scanned : scanned + at;
            if (Trimmed(length) is { Bytes.Length: > 0 } row)
            {
                CheckLength(row.Bytes.Length, _line, 0);
                yield return row;
            }

            if (at < 0)
            {
                yield break;
            }

            Skip(length + 1);
            _line++;
            scanned = 0;
        }
    }

    private IEnumerable<DataRow> Elements()
    {
        Skip(1);
        var number = 0L;
        while (true)
        {
            SkipWhiteSpace();
            if (Has(1) && _buffer[_start] == ']' && number == 0)
            {
                break;
            }

            number++;
            var (length, lines) = Element(number);
            yield return new DataRow(_offset, _line, number, _buffer.AsMemory(_start, length));
            Skip(length);
            _line += lines;
            SkipWhiteSpace();
            var next = Has(1) ? _buffer[_start] : throw CutOff(number);
            if (next == ']')
            {
                break;
            }

            if (next != ',')
            {
                throw new ChatDataException(path, DataRow.PlaceOf(_line, number), "is followed by neither a comma nor the end of the array; write the rows as [{…}, {…}].");
            }

            Skip(1);
        }

        Skip(1);
        SkipWhiteSpace();
        if (Has(1))
        {
            throw new ChatDataException(path, DataRow.PlaceOf(_line, 0), "goes on after the end of the array; write one array of rows, or one row per line.");
        }
    }

    /// <summary>The bytes of the element that begins here, and the ends of lines in it.</summary>
    private (int Length, long Lines) Element(long number)
    {
        var (i, depth, lines, isText, isEscaped) = (0, 0, 0L, false, false);
        while (true)
        {
            if (i == _end - _start)
            {
                CheckLength(i, _line, number);
                if (!Fill())
                {
                    throw CutOff(number);
                }
            }

            var c = _buffer[_start + i];
            if (isText)
            {
                isText = isEscaped || c != '"';
                isEscaped = !isEscaped && c == '\\';
            }
            else if (depth == 0 && c is (byte)',' or (byte)']' or (byte)'}' && i > 0)
            {
                return (i, lines);
            }
            else
            {
                isText = c == '"';
                depth += c is (byte)'{' or (byte)'[' ? 1 : c is (byte)'}' or (byte)']' ? -1 : 0;
            }

            lines += c == '\n' ? 1 : 0;
            i++;
            if (depth <= 0 && !isText && c is (byte)'}' or (byte)']' or (byte)',')
            {
                CheckLength(i, _line, number);
                return (i, lines);
            }
        }
    }

    private DataRow Trimmed(int length)
    {
        var from = _start;
        var to = _start + length;
        while (from < to && _buffer[from] is (byte)' ' or (byte)'\t' or (byte)'\r')
        {
            from++;
        }

        while (to > from && _buffer[to - 1] is (byte)' ' or (byte)'\t' or (byte)'\r')
        {
            to--;
        }

        return new DataRow(_offset + from - _start, _line, 0, _buffer.AsMemory(from, to - from));
    }

    private void SkipWhiteSpace()
    {
        while (Has(1) && _buffer[_start] is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n')
        {
            _line += _buffer[_start] == '\n' ? 1 : 0;
            Skip(1);
        }
    }

    private bool Has(int count)
    {
        while (_end - _start < count)
        {
            if (!Fill())
            {
                return false;
            }
        }

        return true;
    }

    private void Skip(int count)
    {
        _start += count;
        _offset += count;
    }

    private bool Fill()
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
        }

        if (_end == _buffer.Length)
        {
            Array.Resize(ref _buffer, _buffer.Length * 2);
        }

        try
        {
            var read = stream.Read(_buffer, _end, _buffer.Length - _end);
            _end += read;
            return read > 0;
        }
        catch (Exception exception) when (exception is not ChatDataException)
        {
            throw new ChatDataException(path, string.Create(CultureInfo.InvariantCulture, $"line {_line}"), $"can't be unpacked or read: the file is cut off or damaged ({exception.GetType().Name}); write or fetch it again.", exception);
        }
    }

    private void CheckLength(int length, long line, long number)
    {
        if (length > MaximumRow)
        {
            throw new ChatDataException(path, DataRow.PlaceOf(line, number), $"has more than {MaximumRow} bytes, the most that a row may have; write one chat per row, and long ones in parts.");
        }
    }

    private ChatDataException CutOff(long number) =>
        new(path, DataRow.PlaceOf(_line, number), "is where the file ends, within its array; it is cut off: write or fetch it again.");
}
