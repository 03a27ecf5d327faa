namespace Jigsaw.Tokenization.Templates;

/// <summary>A number, a boolean or none that is content, or was made of content: what is written of it is content.</summary>
internal sealed record MarkedScalar(object? Value, TextMark Mark)
{
    /// <summary>The value without its mark.</summary>
    public static object? Unwrap(object? value) => value is MarkedScalar scalar ? scalar.Value : value;

    /// <summary>The mark of a scalar; default for everything else.</summary>
    public static TextMark MarkOf(object? value) => value is MarkedScalar scalar ? scalar.Mark : default;

    /// <summary>A scalar with a mark; other values keep their own.</summary>
    public static object? Wrap(object? value, TextMark mark) =>
        mark.IsContent && value is null or bool or System.Numerics.BigInteger or double ? new MarkedScalar(value, mark) : value;
}
