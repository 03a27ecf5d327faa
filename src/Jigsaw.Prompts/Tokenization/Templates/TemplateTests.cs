using System.Numerics;

namespace Jigsaw.Tokenization.Templates;

/// <summary>Jinja's tests, which stand behind <c>is</c>.</summary>
internal static class TemplateTests
{
    public static IEnumerable<TemplateFunction> All { get; } =
    [
        new("defined", "value", (_, a) => a[0] is not TemplateUndefined),
        new("undefined", "value", (_, a) => a[0] is TemplateUndefined),
        new("none", "value", (_, a) => Value(a) is null),
        new("boolean", "value", (_, a) => Value(a) is bool),
        new("true", "value", (_, a) => Value(a) is true),
        new("false", "value", (_, a) => Value(a) is false),
        new("integer", "value", (_, a) => Value(a) is BigInteger),
        new("float", "value", (_, a) => Value(a) is double),
        new("number", "value", (_, a) => TemplateNumbers.IsNumber(a[0])),
        new("string", "value", (_, a) => a[0] is MarkedText),
        new("mapping", "value", (_, a) => a[0] is TemplateDictionary),
        new("sequence", "value", (_, a) => Value(a) is MarkedText or TemplateList or TemplateDictionary or TemplateRange or TemplateUndefined),
        new("iterable", "value", (_, a) => Value(a) is TemplateLoop || TemplateKinds.TryItems(a[0]) is not null),
        new("callable", "obj, /", (_, a) => a[0] is ITemplateCallable or TemplateUndefined),
        new("escaped", "value", (_, a) => a[0] is MarkedText { IsMarkup: true }),
        new("lower", "value", (_, a) => TextCases.IsLower(TemplatePrinting.Text(a[0]).Text)),
        new("upper", "value", (_, a) => TextCases.IsUpper(TemplatePrinting.Text(a[0]).Text)),
        new("odd", "value", (t, a) => TemplateComparison.AreEqual(TemplateOperators.Binary("%", a[0], new BigInteger(2)), BigInteger.One)),
        new("even", "value", (t, a) => TemplateComparison.AreEqual(TemplateOperators.Binary("%", a[0], new BigInteger(2)), BigInteger.Zero)),
        new("divisibleby", "value, num", (t, a) => TemplateComparison.AreEqual(TemplateOperators.Binary("%", a[0], a[1]), BigInteger.Zero)),
        new("filter", "value", (t, a) => IsHashable(a[0]) && a[0] is MarkedText text && TemplateInterpreter.HasFilter(text.Text)),
        new("test", "value", (t, a) => IsHashable(a[0]) && a[0] is MarkedText text && TemplateInterpreter.HasTest(text.Text)),
        new("sameas", "value, other", (_, a) => AreSame(Value(a), MarkedScalar.Unwrap(a[1]))),
        new("in", "value, seq", (_, a) => TemplateComparison.Contains(a[1], a[0])),
        .. Named((left, right) => TemplateComparison.AreEqual(left, right), "==", "eq", "equalto"),
        .. Named((left, right) => !TemplateComparison.AreEqual(left, right), "!=", "ne"),
        .. Named((left, right) => TemplateComparison.Compare(left, right) > 0, ">", "gt", "greaterthan"),
        .. Named((left, right) => TemplateComparison.Compare(left, right) >= 0, ">=", "ge"),
        .. Named((left, right) => TemplateComparison.Compare(left, right) < 0, "<", "lt", "lessthan"),
        .. Named((left, right) => TemplateComparison.Compare(left, right) <= 0, "<=", "le"),
    ];

    private static object? Value(BoundArguments arguments) => MarkedScalar.Unwrap(arguments[0]);

    /// <summary>Throws for what can't be a key, which Python can't look up.</summary>
    private static bool IsHashable(object? value) => new TemplateKey(value).Equals(new TemplateKey(value));

    private static IEnumerable<TemplateFunction> Named(Func<object?, object?, bool> compare, params string[] names) =>
        names.Select(name => new TemplateFunction(name, "a, b, /", (_, a) => compare(a[0], a[1])));

    /// <summary>Python's <c>is</c>, where small integers and short texts are one object when they are equal.</summary>
    private static bool AreSame(object? left, object? right) => (left, right) switch
    {
        (MarkedText first, MarkedText second) => first.Text == second.Text,
        (bool first, bool second) => first == second,
        (BigInteger first, BigInteger second) => first == second,
        (double first, double second) => first.Equals(second),
        _ => ReferenceEquals(left, right),
    };
}
