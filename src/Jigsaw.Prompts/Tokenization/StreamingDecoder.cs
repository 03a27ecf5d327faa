using System.Globalization;
using System.Text;

namespace Jigsaw.Tokenization;

/// <summary>Decodes tokens as they come: what each push returns is final, and all of it together is what <see cref="Tokenizer.Decode"/> gives.</summary>
public sealed class StreamingDecoder
{
    private readonly Tokenizer _tokenizer;
    private readonly bool _skipSpecial;
    private readonly List<byte> _pending = [];
    private int _leftToStrip;
    private bool _isFirst = true;

    /// <summary>Begins a text.</summary>
    /// <param name="tokenizer">The tokenizer.</param>
    /// <param name="skipSpecial">Whether special tokens are left out.</param>
    public StreamingDecoder(Tokenizer tokenizer, bool skipSpecial = false)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        _tokenizer = tokenizer;
        _skipSpecial = skipSpecial;
        _leftToStrip = tokenizer.Decoding.StripLeft;
    }

    /// <summary>Takes the next token.</summary>
    /// <param name="id">Its id; one that the tokenizer doesn't have gives nothing.</param>
    /// <returns>The text that is certain now; empty while a character's bytes are not all there.</returns>
    public string Push(int id)
    {
        if (_tokenizer.TokenOf(id, _skipSpecial) is not { } token)
        {
            return string.Empty;
        }

        if (_isFirst && _tokenizer.Decoding.DroppedFromFirst is { } dropped)
        {
            token = token.Replace(dropped, string.Empty, StringComparison.Ordinal);
        }

        _isFirst = false;
        return Strip(_tokenizer.Decoding.ByteLevel ? PushBytes(token) : PushText(token));
    }

    /// <summary>Ends the text: what is left of unfinished characters becomes U+FFFD.</summary>
    public string Finish()
    {
        var text = _tokenizer.Decoding.ByteLevel ? Encoding.UTF8.GetString([.. _pending]) : FlushFallback();
        _pending.Clear();
        return Strip(text);
    }

    private string PushBytes(string token)
    {
        var isBytes = true;
        var values = new byte[token.Length];
        for (var i = 0; i < token.Length; i++)
        {
            var value = BytePairEncoder.ByteOf(token[i]);
            isBytes &= value >= 0;
            values[i] = (byte)value;
        }

        if (isBytes)
        {
            _pending.AddRange(values);
        }
        else
        {
            _pending.AddRange(Encoding.UTF8.GetBytes(token));
        }

        var pending = _pending.ToArray();
        var whole = pending.Length - Unfinished(pending);
        _pending.RemoveRange(0, whole);
        return Encoding.UTF8.GetString(pending, 0, whole);
    }

    private string PushText(string token)
    {
        if (_tokenizer.Decoding.ByteFallback && token.Length == 6 && token.StartsWith("<0x", StringComparison.Ordinal) && token[5] == '>'
            && byte.TryParse(token.AsSpan(3, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value))
        {
            _pending.Add(value);
            return string.Empty;
        }

        var text = _tokenizer.Decoding.Replacements.Aggregate(token, (current, replacement) => current.Replace(replacement.Pattern, replacement.Content, StringComparison.Ordinal));
        return FlushFallback() + text;
    }

    /// <summary>A run of byte tokens is text when it is UTF-8 as a whole; else each of its bytes is U+FFFD.</summary>
    private string FlushFallback()
    {
        if (_pending.Count == 0)
        {
            return string.Empty;
        }

        var bytes = _pending.ToArray();
        _pending.Clear();
        return System.Text.Unicode.Utf8.IsValid(bytes) ? Encoding.UTF8.GetString(bytes) : new string('\uFFFD', bytes.Length);
    }

    private string Strip(string text)
    {
        var start = 0;
        while (_leftToStrip > 0 && start < text.Length && text[start] == ' ')
        {
            start++;
            _leftToStrip--;
        }

        if (start < text.Length)
        {
            _leftToStrip = 0;
        }

        return text[start..];
    }

    /// <summary>How many bytes at the end may yet become a character.</summary>
    private static int Unfinished(ReadOnlySpan<byte> bytes)
    {
        for (var back = 1; back <= Math.Min(3, bytes.Length); back++)
        {
            if (Rune.DecodeFromUtf8(bytes[^back..], out _, out _) == System.Buffers.OperationStatus.NeedMoreData)
            {
                return back;
            }
        }

        return 0;
    }
}
