using System.Numerics;

namespace Jigsaw.Tokenization.Templates;

/// <summary>The arguments of a call by their place in the signature.</summary>
internal sealed class BoundArguments(string name, object?[] values, TemplateArguments all)
{
    private const int MaximumCount = 1 << 30;

    /// <summary>Stands where an optional argument was not given.</summary>
    public static object Missing { get; } = new();

    /// <summary>The function's name, for messages.</summary>
    public string Name => name;

    /// <summary>All arguments as they were given.</summary>
    public TemplateArguments All => all;

    public object? this[int index] => values[index];

    public bool Has(int index) => values[index] != Missing;

    /// <summary>An argument, or another value where it was not given.</summary>
    public object? Or(int index, object? otherwise) => Has(index) ? values[index] : otherwise;

    /// <summary>True where it was given and is not none.</summary>
    public bool HasValue(int index) => Has(index) && MarkedScalar.Unwrap(values[index]) is not null;

    public bool IsTrue(int index, bool otherwise = false) => Has(index) ? TemplateKinds.IsTrue(values[index]) : otherwise;

    /// <summary>An argument that must be a text.</summary>
    public MarkedText Text(int index) => values[index] as MarkedText ?? throw Wrong(index, "a text");

    /// <summary>An integer that is small enough to count with.</summary>
    public int Count(int index) => MarkedScalar.Unwrap(values[index]) switch
    {
        bool flag => flag ? 1 : 0,
        BigInteger number => (int)BigInteger.Max(BigInteger.Min(number, MaximumCount), -MaximumCount),
        _ => throw Wrong(index, "an integer"),
    };

    public int Count(int index, int otherwise) => Has(index) ? Count(index) : otherwise;

    /// <summary>Python's start and end of a part of something, which may be none.</summary>
    public int? Bound(int index) => HasValue(index) ? Count(index) : null;

    public TemplateException Wrong(int index, string wanted) => new($"gives '{name}' {TemplateKinds.Of(values[index])} where {wanted} belongs");
}
