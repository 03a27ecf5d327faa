using System.Globalization;
using System.Text;

namespace Jigsaw.Tokenization.Templates;

/// <summary>strftime of the C library, in the C locale.</summary>
internal static class DateText
{
    public static string Format(DateTime time, string format)
    {
        var text = new StringBuilder();
        for (var i = 0; i < format.Length; i++)
        {
            if (format[i] != '%' || i + 1 == format.Length)
            {
                text.Append(format[i]);
                continue;
            }

            i++;
            var flag = format[i] is '-' or '_' or '0' or '^' or '#' && i + 1 < format.Length ? format[i++] : '\0';
            text.Append(Field(time, format[i], flag));
        }

        return text.ToString();
    }

    private static string Field(DateTime time, char field, char flag) => field switch
    {
        'a' => Spelled(time.ToString("ddd", CultureInfo.InvariantCulture), flag),
        'A' => Spelled(time.ToString("dddd", CultureInfo.InvariantCulture), flag),
        'b' or 'h' => Spelled(time.ToString("MMM", CultureInfo.InvariantCulture), flag),
        'B' => Spelled(time.ToString("MMMM", CultureInfo.InvariantCulture), flag),
        'p' => time.Hour < 12 ? flag == '#' ? "am" : "AM" : flag == '#' ? "pm" : "PM",
        'P' => time.Hour < 12 ? "am" : "pm",
        'd' => Number(time.Day, 2, '0', flag),
        'e' => Number(time.Day, 2, ' ', flag),
        'm' => Number(time.Month, 2, '0', flag),
        'y' => Number(time.Year % 100, 2, '0', flag),
        'Y' => Number(time.Year, 1, '0', flag),
        'C' => Number(time.Year / 100, 2, '0', flag),
        'H' => Number(time.Hour, 2, '0', flag),
        'k' => Number(time.Hour, 2, ' ', flag),
        'I' => Number((time.Hour + 11) % 12 + 1, 2, '0', flag),
        'l' => Number((time.Hour + 11) % 12 + 1, 2, ' ', flag),
        'M' => Number(time.Minute, 2, '0', flag),
        'S' => Number(time.Second, 2, '0', flag),
        'f' => Number((int)(time.Ticks / 10 % 1_000_000), 6, '0', flag),
        'j' => Number(time.DayOfYear, 3, '0', flag),
        'w' => Number((int)time.DayOfWeek, 1, '0', flag),
        'u' => Number(((int)time.DayOfWeek + 6) % 7 + 1, 1, '0', flag),
        'U' => Number((time.DayOfYear + 6 - (int)time.DayOfWeek) / 7, 2, '0', flag),
        'W' => Number((time.DayOfYear + 6 - (((int)time.DayOfWeek + 6) % 7)) / 7, 2, '0', flag),
        'V' => Number(ISOWeek.GetWeekOfYear(time), 2, '0', flag),
        'G' => Number(ISOWeek.GetYear(time), 1, '0', flag),
        'g' => Number(ISOWeek.GetYear(time) % 100, 2, '0', flag),
        'z' or 'Z' => string.Empty,
        'n' => "\n",
        't' => "\t",
        '%' => "%",
        'D' or 'x' => Format(time, "%m/%d/%y"),
        'F' => Format(time, "%Y-%m-%d"),
        'T' or 'X' => Format(time, "%H:%M:%S"),
        'R' => Format(time, "%H:%M"),
        'r' => Format(time, "%I:%M:%S %p"),
        'c' => Format(time, "%a %b %e %H:%M:%S %Y"),
        _ => throw new TemplateException($"writes the date with %{field}, which is unknown"),
    };

    private static string Spelled(string name, char flag) => flag is '^' or '#' ? name.ToUpperInvariant() : name;

    private static string Number(int number, int width, char fill, char flag)
    {
        var digits = number.ToString(CultureInfo.InvariantCulture);
        return flag switch
        {
            '-' => digits,
            '_' => digits.PadLeft(width, ' '),
            '0' => digits.PadLeft(width, '0'),
            _ => digits.PadLeft(width, fill),
        };
    }
}
