using System.Numerics;

namespace Jigsaw.Tokenization.Templates;

/// <summary>What values are called in messages, and how they are taken apart. A value is null, bool, <see cref="BigInteger"/>, double,
/// <see cref="MarkedText"/>, <see cref="MarkedScalar"/>, or one of this folder's classes.</summary>
internal static class TemplateKinds
{
    public static string Of(object? value) => MarkedScalar.Unwrap(value) switch
    {
        null => "none",
        TemplateUndefined => "an undefined value",
        bool => "a boolean",
        BigInteger => "an integer",
        double => "a float",
        MarkedText => "a text",
        TemplateList { IsTuple: true } => "a tuple",
        TemplateList => "a list",
        TemplateDictionary => "a dictionary",
        TemplateView view => $"a dictionary's {view.Kind}",
        TemplateIterator => "a generator",
        TemplateRange => "a range",
        TemplateNamespace => "a namespace",
        TemplateLoop => "a loop",
        TemplateMacro => "a macro",
        ITemplateCallable => "a function",
        _ => "an object",
    };

    public static bool IsTrue(object? value) => MarkedScalar.Unwrap(value) switch
    {
        null or TemplateUndefined => false,
        bool flag => flag,
        BigInteger number => !number.IsZero,
        double number => number != 0,
        MarkedText text => text.Length > 0,
        TemplateList list => list.Items.Count > 0,
        TemplateDictionary dictionary => dictionary.Count > 0,
        TemplateView view => view.Dictionary.Count > 0,
        TemplateRange range => range.Count > 0,
        TemplateLoop loop => loop.Count > 0,
        _ => true,
    };

    /// <summary>The items of what Python can iterate over; null for everything else.</summary>
    public static IEnumerable<object?>? TryItems(object? value) => MarkedScalar.Unwrap(value) switch
    {
        TemplateList list => list.Items,
        TemplateDictionary dictionary => dictionary.Entries.Select(entry => entry.Key),
        TemplateView view => view.Items,
        TemplateIterator iterator => iterator.Rest(),
        TemplateRange range => range.Items,
        MarkedText text => text.Characters(),
        TemplateUndefined => [],
        _ => null,
    };

    public static IEnumerable<object?> Items(object? value) =>
        TryItems(value) ?? throw new TemplateException($"goes through {Of(value)}, which has no items");

    /// <summary>A list of its own with the items.</summary>
    public static List<object?> List(object? value) => TemplateList.Of(Items(value)).Items;

    /// <summary>Python's len; null for what has none.</summary>
    public static int? TryLength(object? value) => MarkedScalar.Unwrap(value) switch
    {
        MarkedText text => text.CodePoints,
        TemplateList list => list.Items.Count,
        TemplateDictionary dictionary => dictionary.Count,
        TemplateView view => view.Dictionary.Count,
        TemplateRange range => range.Count,
        TemplateLoop loop => loop.Count,
        TemplateUndefined => 0,
        _ => null,
    };

    public static int Length(object? value) =>
        TryLength(value) ?? throw new TemplateException($"asks for the length of {Of(value)}{(value is TemplateIterator ? ", which has none; make it a list first" : string.Empty)}");
}
