using System.Globalization;
using System.Numerics;

namespace Jigsaw.Tokenization.Templates;

/// <summary>What a filter's argument <c>attribute</c> names: members of members, with dots between; digits are indexes.</summary>
internal sealed class AttributePath
{
    private readonly object?[] _parts;
    private readonly object? _otherwise;

    private AttributePath(object?[] parts, object? otherwise)
    {
        _parts = parts;
        _otherwise = otherwise;
    }

    /// <summary>Reads a path; none gives the value itself.</summary>
    /// <param name="path">A text or an index.</param>
    /// <param name="otherwise">What stands for a member that isn't there; none when null.</param>
    public static AttributePath Of(object? path, object? otherwise = null) => new(
        path switch
        {
            null => [],
            MarkedText text => [.. TextMethods.Split(text, MarkedText.Plain("."), -1).Select(part => part.Length > 0 && part.Text.All(char.IsAsciiDigit)
                ? (object)TemplateNumbers.Checked(BigInteger.Parse(part.Text, CultureInfo.InvariantCulture)) : part)],
            _ => [path],
        },
        otherwise);

    public object? Of(TemplateInterpreter interpreter, object? value)
    {
        foreach (var part in _parts)
        {
            TemplateWork.Spend(8);
            value = TemplateMembers.Item(interpreter, value, part);
            value = _otherwise is not null && value is TemplateUndefined ? _otherwise : value;
        }

        return value;
    }
}
