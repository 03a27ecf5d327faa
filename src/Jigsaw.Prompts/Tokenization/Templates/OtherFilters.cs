using System.Numerics;

namespace Jigsaw.Tokenization.Templates;

/// <summary>Jinja's filters for numbers and for values of all kinds.</summary>
internal static class OtherFilters
{
    public static IEnumerable<TemplateFunction> All { get; } =
    [
        new("abs", "x, /", (_, a) => MarkedScalar.Wrap(Absolute(a), MarkedScalar.MarkOf(a[0]))),
        new("int", "value, default?, base?", (_, a) => MarkedScalar.Wrap(Integer(a), TextFilters.NumberMark(a[0]))),
        new("float", "value, default?", (_, a) => MarkedScalar.Wrap(Float(a), TextFilters.NumberMark(a[0]))),
        new("round", "value, precision?, method?", (_, a) => MarkedScalar.Wrap(Round(a), MarkedScalar.MarkOf(a[0]))),
        new("default", "value, default_value?, boolean?", (_, a) => Default(a)),
        new("d", "value, default_value?, boolean?", (_, a) => Default(a)),
        new("attr", "obj, name", (t, a) => Attribute(t, a)),
    ];

    private static object? Default(BoundArguments arguments) =>
        arguments[0] is TemplateUndefined || (arguments.IsTrue(2) && !TemplateKinds.IsTrue(arguments[0])) ? arguments.Or(1, MarkedText.Empty) : arguments[0];

    private static object? Attribute(TemplateInterpreter interpreter, BoundArguments arguments) =>
        TemplateMembers.TryMember(interpreter, arguments[0], arguments.Text(1).Text, out var member) ? member : TemplateUndefined.Member(arguments[0], arguments.Text(1).Text);

    private static object Absolute(BoundArguments arguments) => MarkedScalar.Unwrap(arguments[0]) switch
    {
        double number => Math.Abs(number),
        TemplateUndefined undefined => throw undefined.Error(),
        _ => BigInteger.Abs(TemplateNumbers.Integer(arguments[0]) ?? throw arguments.Wrong(0, "a number")),
    };

    private static object? Integer(BoundArguments arguments)
    {
        var value = MarkedScalar.Unwrap(arguments[0]);
        switch (value)
        {
            case TemplateUndefined undefined:
                throw undefined.Error();
            case MarkedText text when NumberParsing.Integer(text.Text, arguments.Count(2, 10)) is { } integer:
                return TemplateNumbers.Checked(integer);
            case double or MarkedText when (value is double number ? number : NumberParsing.Float(((MarkedText)value).Text)) is { } real:
                return double.IsInfinity(real) ? throw new TemplateException("turns an infinite number into an integer")
                    : double.IsNaN(real) ? arguments.Or(1, BigInteger.Zero) : new BigInteger(real);
            default:
                return TemplateNumbers.Integer(value) is { } whole ? whole : arguments.Or(1, BigInteger.Zero);
        }
    }

    private static object? Float(BoundArguments arguments)
    {
        switch (MarkedScalar.Unwrap(arguments[0]))
        {
            case TemplateUndefined undefined:
                throw undefined.Error();
            case MarkedText text:
                return NumberParsing.Float(text.Text) is { } number ? number : arguments.Or(1, 0.0);
            case bool or BigInteger or double:
                return TemplateNumbers.Float(arguments[0]);
            default:
                return arguments.Or(1, 0.0);
        }
    }

    private static object Round(BoundArguments arguments)
    {
        var method = arguments.Has(2) ? arguments.Text(2).Text : "common";
        var precision = arguments.Count(1, 0);
        var value = MarkedScalar.Unwrap(arguments[0]);
        switch (method)
        {
            case "common" when value is double number:
                return FloatText.Rounded(number, precision);
            case "common":
                var integer = TemplateNumbers.Integer(value) ?? throw arguments.Wrong(0, "a number");
                return RoundInteger(integer, precision);
            case "ceil" or "floor":
                var power = TemplateOperators.Binary("**", new BigInteger(10), new BigInteger(precision));
                var scaled = TemplateNumbers.Calculate("*", value, power);
                var whole = scaled is double real
                    ? new BigInteger(double.IsFinite(real) ? method == "ceil" ? Math.Ceiling(real) : Math.Floor(real) : throw new TemplateException("rounds a number that is not finite"))
                    : TemplateNumbers.Integer(scaled)!.Value;
                return TemplateNumbers.Calculate("/", whole, power)!;
            default:
                throw new TemplateException($"rounds with the method '{method}'; there are 'common', 'ceil' and 'floor'");
        }
    }

    private static BigInteger RoundInteger(BigInteger number, int precision)
    {
        if (precision >= 0)
        {
            return number;
        }

        if (-precision > 20_000)
        {
            return BigInteger.Zero;
        }

        TemplateWork.Spend(100_000);
        var unit = BigInteger.Pow(10, -precision);
        var quotient = BigInteger.DivRem(number, unit, out var rest);
        var twice = (BigInteger.Abs(rest) * 2).CompareTo(unit);
        return (quotient + (twice > 0 || (twice == 0 && !quotient.IsEven) ? number.Sign : 0)) * unit;
    }
}
