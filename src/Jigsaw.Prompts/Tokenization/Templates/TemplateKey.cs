using System.Numerics;

namespace Jigsaw.Tokenization.Templates;

/// <summary>A dictionary's key, equal and hashed as in Python: 1, 1.0 and True are one key.</summary>
internal readonly struct TemplateKey : IEquatable<TemplateKey>
{
    private readonly object? _value;
    private readonly int _hash;

    public TemplateKey(object? value)
    {
        _value = MarkedScalar.Unwrap(value);
        _hash = Hash(_value);
    }

    public bool Equals(TemplateKey other) => _hash == other._hash && TemplateComparison.AreEqual(_value, other._value);

    public override bool Equals(object? obj) => obj is TemplateKey other && Equals(other);

    public override int GetHashCode() => _hash;

    private static int Hash(object? value)
    {
        TemplateWork.Spend(4);
        switch (value)
        {
            case MarkedText text:
                TemplateWork.Spend(text.Length / 4);
                return string.GetHashCode(text.Text, StringComparison.Ordinal);
            case bool flag:
                return new BigInteger(flag ? 1 : 0).GetHashCode();
            case BigInteger number:
                return number.GetHashCode();
            case double number:
                return number == Math.Floor(number) && double.IsFinite(number) ? new BigInteger(number).GetHashCode() : number.GetHashCode();
            case TemplateList { IsTuple: true } tuple:
                TemplateWork.Enter();
                var hash = new HashCode();
                foreach (var item in tuple.Items)
                {
                    hash.Add(Hash(MarkedScalar.Unwrap(item)));
                }

                TemplateWork.Leave();
                return hash.ToHashCode();
            case TemplateList or TemplateDictionary or TemplateView:
                throw new TemplateException($"uses {TemplateKinds.Of(value)} as a key; a text, a number or a tuple of them can be one");
            case null:
                return 0;
            case TemplateUndefined:
                return 1;
            default:
                return System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(value);
        }
    }
}
