using System.Globalization;

namespace Jigsaw.Data;

/// <summary>What becomes of rows: kept whole, kept and cut, or left out since no token counts within the limit. Counted for a sentence.</summary>
/// <param name="maxLength">The most tokens of a row; none when null.</param>
internal sealed class LengthLimit(int? maxLength)
{
    private long _rows;
    private long _tokens;
    private long _cut;
    private long _cutTokens;
    private long _leftOut;
    private string? _firstLeftOut;

    /// <summary>The most tokens of a row.</summary>
    public int? MaxLength { get; } = maxLength is < 2 ? throw new ArgumentOutOfRangeException(nameof(maxLength), $"maxLength is {maxLength.Value.ToString(CultureInfo.InvariantCulture)}; use at least 2, a token and the one that it predicts.") : maxLength;

    /// <summary>Rows that are cut at their end.</summary>
    public long Cut => Interlocked.Read(ref _cut);

    /// <summary>Rows that are left out.</summary>
    public long LeftOut => Interlocked.Read(ref _leftOut);

    /// <summary>True if a row has a token that counts.</summary>
    public bool Keeps(int firstCounted) => firstCounted >= 1 && !(firstCounted >= MaxLength);

    /// <summary>Counts a row.</summary>
    /// <param name="length">Its tokens.</param>
    /// <param name="firstCounted">The first that counts; -1 if there is none.</param>
    /// <param name="place">Where it stands.</param>
    public void Add(int length, int firstCounted, Func<string> place)
    {
        Interlocked.Increment(ref _rows);
        Interlocked.Add(ref _tokens, length);
        if (!Keeps(firstCounted))
        {
            Interlocked.Increment(ref _leftOut);
            _firstLeftOut ??= place();
        }
        else if (length > MaxLength)
        {
            Interlocked.Increment(ref _cut);
            Interlocked.Add(ref _cutTokens, length - MaxLength.Value);
        }
    }

    /// <summary>Sentences about what was cut and left out.</summary>
    public IEnumerable<string> Notes()
    {
        if (Cut > 0)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"{Cut} of {_rows} chats are longer than {MaxLength} tokens and cut at their end: {_cutTokens} of {_tokens} tokens.");
        }

        if (LeftOut > 0)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"{LeftOut} of {_rows} chats have no token that counts in the loss{(MaxLength is { } most ? $" among their first {most}" : "")} and are left out; the first: {_firstLeftOut}.");
        }
    }
}
