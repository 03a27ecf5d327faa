using System.Numerics;

namespace Jigsaw.Tokenization.Templates;

/// <summary>Python's arithmetic: integers of any size (within a bound), floats, and booleans that are 0 and 1.</summary>
internal static class TemplateNumbers
{
    private const int MaximumBits = 1 << 16;

    /// <summary>An integer or boolean as an integer; null for everything else.</summary>
    public static BigInteger? Integer(object? value) => MarkedScalar.Unwrap(value) switch
    {
        bool flag => flag ? BigInteger.One : BigInteger.Zero,
        BigInteger number => number,
        _ => null,
    };

    /// <summary>A number without a fraction as an integer, also a float's; null for everything else.</summary>
    public static BigInteger? Exact(object? value) => MarkedScalar.Unwrap(value) switch
    {
        double number when double.IsFinite(number) && number == Math.Floor(number) => new BigInteger(number),
        var other => Integer(other),
    };

    public static bool IsNumber(object? value) => MarkedScalar.Unwrap(value) is bool or BigInteger or double;

    public static double Float(object? value)
    {
        var unwrapped = MarkedScalar.Unwrap(value);
        var number = unwrapped is double already ? already : Rounded(Integer(unwrapped) ?? throw new TemplateException($"uses {TemplateKinds.Of(value)} as a number"));
        return double.IsInfinity(number) && unwrapped is not double ? throw new TemplateException("turns an integer into a float that is too large for one") : number;
    }

    public static int? Compare(object? left, object? right)
    {
        if (left is double || right is double)
        {
            if (left is double.NaN || right is double.NaN)
            {
                return null;
            }

            if (left is double first && right is double second)
            {
                return first.CompareTo(second);
            }

            return left is double number ? -CompareExact(Integer(right)!.Value, number) : CompareExact(Integer(left)!.Value, (double)right!);
        }

        return Integer(left)!.Value.CompareTo(Integer(right)!.Value);
    }

    public static object? Calculate(string operation, object? left, object? right)
    {
        if (Integer(left) is { } first && Integer(right) is { } second)
        {
            return Calculate(operation, first, second);
        }

        return Calculate(operation, Float(left), Float(right));
    }

    /// <summary>An integer that is not too large.</summary>
    public static BigInteger Checked(BigInteger number) =>
        number.GetBitLength() <= MaximumBits ? number : throw new TemplateException($"makes an integer of more than {MaximumBits:N0} bits");

    public static BigInteger FloorDivide(BigInteger left, BigInteger right)
    {
        var quotient = BigInteger.DivRem(left, right, out var remainder);
        return !remainder.IsZero && (remainder.Sign < 0) != (right.Sign < 0) ? quotient - 1 : quotient;
    }

    private static object? Calculate(string operation, BigInteger left, BigInteger right)
    {
        TemplateWork.Spend((left.GetBitLength() / 64 * (right.GetBitLength() / 64)) + 4);
        switch (operation)
        {
            case "+":
                return Checked(left + right);
            case "-":
                return Checked(left - right);
            case "*":
                return Checked(left.GetBitLength() + right.GetBitLength() <= MaximumBits + 8 ? left * right : BigInteger.One << (MaximumBits + 1));
            case "/":
                return Divide(left, right);
            case "//":
                return FloorDivide(left, NotZero(right));
            case "%":
                return left - (FloorDivide(left, NotZero(right)) * right);
            default:
                return Power(left, right);
        }
    }

    private static object Power(BigInteger left, BigInteger right)
    {
        if (right.Sign < 0)
        {
            return left.IsZero ? throw new TemplateException("raises 0 to a negative power") : Calculate("**", Float(left), Float(right));
        }

        if (left.IsZero || left.IsOne || left == BigInteger.MinusOne)
        {
            return right.IsZero ? BigInteger.One : left == BigInteger.MinusOne ? (right.IsEven ? BigInteger.One : left) : left;
        }

        if (right > MaximumBits || (left.GetBitLength() - 1) * right > MaximumBits)
        {
            return Checked(BigInteger.One << (MaximumBits + 1));
        }

        TemplateWork.Spend(100_000);
        return Checked(BigInteger.Pow(left, (int)right));
    }

    private static double Calculate(string operation, double left, double right)
    {
        switch (operation)
        {
            case "+":
                return left + right;
            case "-":
                return left - right;
            case "*":
                return left * right;
            case "/":
                return left / NotZero(right);
            case "//":
                return FloorDivide(left, NotZero(right));
            case "%":
                var remainder = left % NotZero(right);
                return remainder != 0 && (remainder < 0) != (right < 0) ? remainder + right : remainder == 0 ? Math.CopySign(0, right) : remainder;
            default:
                if (left == 0 && right < 0)
                {
                    throw new TemplateException("raises 0 to a negative power");
                }

                if (left < 0 && double.IsFinite(left) && double.IsFinite(right) && right != Math.Floor(right))
                {
                    throw new TemplateException("raises a negative number to a fractional power, which gives a complex number");
                }

                var power = Math.Pow(left, right);
                return double.IsInfinity(power) && double.IsFinite(left) && double.IsFinite(right) ? throw new TemplateException("raises a float to a power that is too large for one") : power;
        }
    }

    private static double FloorDivide(double left, double right)
    {
        var remainder = left % right;
        var quotient = (left - remainder) / right;
        if (remainder != 0 && (remainder < 0) != (right < 0))
        {
            quotient -= 1;
        }

        if (quotient == 0)
        {
            return Math.CopySign(0, left / right);
        }

        var floor = Math.Floor(quotient);
        return quotient - floor > 0.5 ? floor + 1 : floor;
    }

    /// <summary>The float nearest to a quotient of integers.</summary>
    private static double Divide(BigInteger left, BigInteger right)
    {
        const int exact = 53;
        if (NotZero(right).GetBitLength() <= exact && left.GetBitLength() <= exact)
        {
            return (double)left / (double)right;
        }

        // Enough bits of the quotient, the rest of it in the last one, so that it is rounded once.
        var negative = (left.Sign < 0) != (right.Sign < 0);
        var (first, second) = (BigInteger.Abs(left), BigInteger.Abs(right));
        var shift = (int)(second.GetBitLength() - first.GetBitLength()) + 66;
        var quotient = BigInteger.DivRem(shift > 0 ? first << shift : first, shift > 0 ? second : second << -shift, out var remainder);
        if (!remainder.IsZero)
        {
            quotient |= 1;
        }

        var value = Math.ScaleB(Nearest(quotient, out var scale), scale - shift);
        return double.IsInfinity(value) ? throw new TemplateException("divides integers to a float that is too large for one") : negative ? -value : value;
    }

    /// <summary>The float nearest to an integer; the conversion of .NET cuts instead.</summary>
    private static double Rounded(BigInteger number)
    {
        var value = Math.ScaleB(Nearest(BigInteger.Abs(number), out var scale), scale);
        return number.Sign < 0 ? -value : value;
    }

    private static double Nearest(BigInteger number, out int scale)
    {
        scale = Math.Max((int)number.GetBitLength() - 53, 0);
        var kept = number >> scale;
        var rest = number - (kept << scale);
        var half = scale == 0 ? BigInteger.Zero : BigInteger.One << (scale - 1);
        if (scale > 0 && (rest > half || (rest == half && !kept.IsEven)))
        {
            kept += 1;
        }

        return (double)kept;
    }

    private static int CompareExact(BigInteger integer, double number)
    {
        if (double.IsInfinity(number))
        {
            return number > 0 ? -1 : 1;
        }

        var floor = Math.Floor(number);
        var order = integer.CompareTo(new BigInteger(floor));
        return order != 0 ? order : number > floor ? -1 : 0;
    }

    private static BigInteger NotZero(BigInteger divisor) => divisor.IsZero ? throw new TemplateException("divides by 0") : divisor;

    private static double NotZero(double divisor) => divisor == 0 ? throw new TemplateException("divides by 0") : divisor;
}
