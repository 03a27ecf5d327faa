using System.Numerics;

namespace Jigsaw.Tokenization.Templates;

/// <summary>Python's operators on values of all kinds.</summary>
internal static class TemplateOperators
{
    public static object? Binary(string operation, object? left, object? right)
    {
        var (first, second) = (MarkedScalar.Unwrap(left), MarkedScalar.Unwrap(right));
        switch (operation, first, second)
        {
            case ("%", MarkedText format, _):
                return PercentFormat.Apply(format, right);
            case (_, TemplateUndefined undefined, _):
                throw undefined.Error();
            case (_, _, TemplateUndefined undefined):
                throw undefined.Error();
            case (_, bool or BigInteger or double, bool or BigInteger or double):
                var mark = MarkedScalar.MarkOf(left);
                return MarkedScalar.Wrap(TemplateNumbers.Calculate(operation, first, second), mark.IsContent ? mark : MarkedScalar.MarkOf(right));
            case ("+", MarkedText one, MarkedText other):
                return one.IsMarkup || other.IsMarkup
                    ? MarkedTextBuilder.Concat(HtmlText.Escape(one), HtmlText.Escape(other)).AsMarkup()
                    : MarkedTextBuilder.Concat(one, other);
            case ("+", TemplateList one, TemplateList other) when one.IsTuple == other.IsTuple:
                return new TemplateList(TemplateList.Of(one.Items.Concat(other.Items)).Items, one.IsTuple);
            case ("*", MarkedText text, bool or BigInteger):
                return Repeated(text, TemplateNumbers.Integer(second)!.Value);
            case ("*", bool or BigInteger, MarkedText text):
                return Repeated(text, TemplateNumbers.Integer(first)!.Value);
            case ("*", TemplateList list, bool or BigInteger):
                return Repeated(list, TemplateNumbers.Integer(second)!.Value);
            case ("*", bool or BigInteger, TemplateList list):
                return Repeated(list, TemplateNumbers.Integer(first)!.Value);
            default:
                throw new TemplateException($"calculates {TemplateKinds.Of(left)} {operation} {TemplateKinds.Of(right)}, which Python can't");
        }
    }

    public static object? Unary(string operation, object? operand)
    {
        var value = MarkedScalar.Unwrap(operand) switch
        {
            TemplateUndefined undefined => throw undefined.Error(),
            double number => operation == "-" ? -number : number,
            var other when TemplateNumbers.Integer(other) is { } integer => (object)(operation == "-" ? -integer : integer),
            _ => throw new TemplateException($"calculates {operation}{TemplateKinds.Of(operand)}, which Python can't"),
        };
        return MarkedScalar.Wrap(value, MarkedScalar.MarkOf(operand));
    }

    public static bool Compare(string operation, object? left, object? right) => operation switch
    {
        "==" => TemplateComparison.AreEqual(left, right),
        "!=" => !TemplateComparison.AreEqual(left, right),
        "<" => TemplateComparison.Compare(left, right) < 0,
        "<=" => TemplateComparison.Compare(left, right) <= 0,
        ">" => TemplateComparison.Compare(left, right) > 0,
        ">=" => TemplateComparison.Compare(left, right) >= 0,
        "in" => TemplateComparison.Contains(right, left),
        _ => !TemplateComparison.Contains(right, left),
    };

    private static long Times(BigInteger count, int length)
    {
        var times = BigInteger.Max(count, BigInteger.Zero);
        return times * Math.Max(length, 1) <= TemplateWork.MaximumLength || length == 0
            ? (long)BigInteger.Min(times, length == 0 ? 0 : long.MaxValue)
            : throw new TemplateException($"repeats a value to more than {TemplateWork.MaximumLength:N0} characters or items");
    }

    private static MarkedText Repeated(MarkedText text, BigInteger count) => new MarkedTextBuilder().Repeat(text, Times(count, text.Length)).ToText(text.IsMarkup);

    private static TemplateList Repeated(TemplateList list, BigInteger count)
    {
        var times = Times(count, list.Items.Count);
        TemplateWork.SpendItems(times * list.Items.Count);
        var items = new List<object?>();
        for (var i = 0L; i < times; i++)
        {
            items.AddRange(list.Items);
        }

        return new TemplateList(items, list.IsTuple);
    }
}
