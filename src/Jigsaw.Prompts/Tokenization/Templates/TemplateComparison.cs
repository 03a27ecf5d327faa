using System.Numerics;

namespace Jigsaw.Tokenization.Templates;

/// <summary>Equality and order as Python has them.</summary>
internal static class TemplateComparison
{
    public static bool AreEqual(object? left, object? right)
    {
        (left, right) = (MarkedScalar.Unwrap(left), MarkedScalar.Unwrap(right));
        TemplateWork.Spend(2);
        switch (left, right)
        {
            case (null, null):
                return true;
            case (MarkedText first, MarkedText second):
                TemplateWork.Spend(Math.Min(first.Length, second.Length) / 8);
                return first.Text == second.Text;
            case (TemplateUndefined, TemplateUndefined):
                return true;
            case (bool or BigInteger or double, bool or BigInteger or double):
                return TemplateNumbers.Compare(left, right) == 0;
            case (TemplateList first, TemplateList second):
                return first.IsTuple == second.IsTuple && (ReferenceEquals(first, second) || AreEqual(first.Items, second.Items));
            case (TemplateDictionary first, TemplateDictionary second):
                return ReferenceEquals(first, second) || AreEqual(first, second);
            case (TemplateView { Kind: not "values" } first, TemplateView { Kind: not "values" } second):
                return first.Dictionary.Count == second.Dictionary.Count && first.Items.All(item => Contains(second, item));
            case (TemplateRange first, TemplateRange second):
                return first.Count == second.Count && (first.Count == 0 || (first.Start == second.Start && (first.Count == 1 || first.Step == second.Step)));
            default:
                return ReferenceEquals(left, right);
        }
    }

    /// <summary>Python's <c>in</c>.</summary>
    public static bool Contains(object? container, object? item)
    {
        switch (MarkedScalar.Unwrap(container))
        {
            case MarkedText text:
                var sought = item as MarkedText ?? throw new TemplateException($"looks for {TemplateKinds.Of(item)} in a text");
                TemplateWork.SpendSearch(text.Length, sought.Length);
                return text.Text.Contains(sought.Text, StringComparison.Ordinal);
            case TemplateDictionary dictionary:
                return dictionary.TryGet(item, out _);
            case TemplateView { Kind: "keys" } keys:
                return keys.Dictionary.TryGet(item, out _);
            case TemplateRange range:
                return range.Contains(MarkedScalar.Unwrap(item));
            case var other when TemplateKinds.TryItems(other) is { } items:
                return items.Any(candidate => AreEqual(candidate, item));
            default:
                throw new TemplateException($"looks for a value in {TemplateKinds.Of(container)}, which has no items");
        }
    }

    /// <summary>Less than 0, 0, or more, as left is less than, equal to, or more than right; null where a NaN is in it.</summary>
    public static int? Compare(object? left, object? right)
    {
        (left, right) = (MarkedScalar.Unwrap(left), MarkedScalar.Unwrap(right));
        TemplateWork.Spend(2);
        switch (left, right)
        {
            case (TemplateUndefined undefined, _):
                throw undefined.Error();
            case (_, TemplateUndefined undefined):
                throw undefined.Error();
            case (MarkedText first, MarkedText second):
                TemplateWork.Spend(Math.Min(first.Length, second.Length) / 8);
                return CompareTexts(first.Text, second.Text);
            case (bool or BigInteger or double, bool or BigInteger or double):
                return TemplateNumbers.Compare(left, right);
            case (TemplateList first, TemplateList second) when first.IsTuple == second.IsTuple:
                return CompareItems(first.Items, second.Items);
            default:
                throw new TemplateException($"compares {TemplateKinds.Of(left)} with {TemplateKinds.Of(right)}");
        }
    }

    /// <summary>A stable sort.</summary>
    public static List<object?> Sorted(IEnumerable<(object? Key, object? Item)> items, bool reverse)
    {
        var array = items.ToArray();
        TemplateWork.SpendItems(array.Length);
        Sort(array, new (object?, object?)[array.Length], 0, array.Length, reverse ? -1 : 1);
        return [.. array.Select(entry => entry.Item)];
    }

    /// <summary>Sorts by merging: an order that contradicts itself, as Python's has, harms nothing.</summary>
    private static void Sort((object? Key, object? Item)[] items, (object? Key, object? Item)[] merged, int start, int end, int sign)
    {
        if (end - start < 2)
        {
            return;
        }

        var middle = (start + end) / 2;
        Sort(items, merged, start, middle, sign);
        Sort(items, merged, middle, end, sign);
        var (left, right) = (start, middle);
        for (var i = start; i < end; i++)
        {
            var takesRight = left == middle || (right < end && Compare(items[right].Key, items[left].Key) * sign < 0);
            merged[i] = takesRight ? items[right++] : items[left++];
        }

        Array.Copy(merged, start, items, start, end - start);
    }

    /// <summary>The order of code points, which is not that of UTF-16 units.</summary>
    private static int CompareTexts(string left, string right)
    {
        var shared = left.AsSpan().CommonPrefixLength(right);
        if (shared == Math.Min(left.Length, right.Length))
        {
            return left.Length.CompareTo(right.Length);
        }

        var (first, second) = (left[shared], right[shared]);
        return char.IsSurrogate(first) != char.IsSurrogate(second) ? (char.IsSurrogate(first) ? 1 : -1) : first.CompareTo(second);
    }

    private static bool AreEqual(List<object?> left, List<object?> right)
    {
        if (left.Count != right.Count)
        {
            return false;
        }

        TemplateWork.Enter();
        for (var i = 0; i < left.Count; i++)
        {
            if (!ReferenceEquals(left[i], right[i]) && !AreEqual(left[i], right[i]))
            {
                TemplateWork.Leave();
                return false;
            }
        }

        TemplateWork.Leave();
        return true;
    }

    private static bool AreEqual(TemplateDictionary left, TemplateDictionary right)
    {
        if (left.Count != right.Count)
        {
            return false;
        }

        TemplateWork.Enter();
        var equal = left.Entries.All(entry => right.TryGet(entry.Key, out var other) && AreEqual(entry.Value, other));
        TemplateWork.Leave();
        return equal;
    }

    private static int? CompareItems(List<object?> left, List<object?> right)
    {
        TemplateWork.Enter();
        for (var i = 0; i < Math.Min(left.Count, right.Count); i++)
        {
            if (!AreEqual(left[i], right[i]))
            {
                var order = Compare(left[i], right[i]);
                TemplateWork.Leave();
                return order;
            }
        }

        TemplateWork.Leave();
        return left.Count.CompareTo(right.Count);
    }
}
