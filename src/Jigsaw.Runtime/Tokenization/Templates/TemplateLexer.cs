using System.Text;

namespace Jigsaw.Tokenization.Templates;

/// <summary>Cuts a Jinja template into tokens, with the settings of transformers: trim_blocks and lstrip_blocks on, one newline at the very end dropped.</summary>
internal sealed class TemplateLexer
{
    private static readonly string[] _operators =
        ["//", "**", "==", "!=", "<=", ">=", "+", "-", "*", "/", "%", "~", "<", ">", "=", "(", ")", "[", "]", "{", "}", ".", ",", ":", "|"];

    private readonly string _source;
    private readonly List<TemplateToken> _tokens = [];
    private int _at;
    private int _line = 1;

    private TemplateLexer(string source)
    {
        var text = source.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
        _source = text.EndsWith('\n') ? text[..^1] : text;
    }

    public static IReadOnlyList<TemplateToken> Read(string source)
    {
        var lexer = new TemplateLexer(source);
        lexer.ReadAll();
        return lexer._tokens;
    }

    private void ReadAll()
    {
        var stripLeft = false;
        var trimNewline = false;
        while (_at < _source.Length)
        {
            var open = NextTag();
            var text = _source[_at..open];
            Advance(open);
            if (trimNewline && text.StartsWith('\n'))
            {
                text = text[1..];
            }

            if (stripLeft)
            {
                text = text.TrimStart();
            }

            if (open == _source.Length)
            {
                Add(TemplateTokenKind.Text, text);
                break;
            }

            var kind = _source[open + 1];
            var sign = open + 2 < _source.Length ? _source[open + 2] : ' ';
            if (sign == '-')
            {
                text = text.TrimEnd();
            }
            else if (sign != '+' && kind != '{')
            {
                text = WithoutIndent(text, open);
            }

            Add(TemplateTokenKind.Text, text);
            Advance(open + (sign is '-' or '+' ? 3 : 2));
            (stripLeft, trimNewline) = kind switch
            {
                '#' => ReadComment(),
                '%' => ReadTag(TemplateTokenKind.BlockStart, TemplateTokenKind.BlockEnd, "%}"),
                _ => ReadTag(TemplateTokenKind.OutputStart, TemplateTokenKind.OutputEnd, "}}"),
            };
        }

        Add(TemplateTokenKind.End, string.Empty);
    }

    private int NextTag()
    {
        for (var i = _at; i + 1 < _source.Length; i++)
        {
            if (_source[i] == '{' && _source[i + 1] is ('{' or '%' or '#'))
            {
                return i;
            }
        }

        return _source.Length;
    }

    /// <summary>A tag that is first on its line takes the blanks before it away.</summary>
    private string WithoutIndent(string text, int open)
    {
        var bare = text.TrimEnd(' ', '\t');
        var start = open - (text.Length - bare.Length);
        return bare.Length == 0 ? (start == 0 || _source[start - 1] == '\n' ? bare : text) : bare.EndsWith('\n') ? bare : text;
    }

    private (bool StripLeft, bool TrimNewline) ReadComment()
    {
        var end = _source.IndexOf("#}", _at, StringComparison.Ordinal);
        if (end < 0)
        {
            throw Error("has a comment without end");
        }

        var strips = end > _at && _source[end - 1] == '-';
        Advance(end + 2);
        return (strips, true);
    }

    private (bool StripLeft, bool TrimNewline) ReadTag(TemplateTokenKind start, TemplateTokenKind end, string close)
    {
        Add(start, string.Empty);
        var depth = 0;
        while (true)
        {
            while (_at < _source.Length && char.IsWhiteSpace(_source[_at]))
            {
                Advance(_at + 1);
            }

            if (_at >= _source.Length)
            {
                throw Error($"has a tag without its '{close}'");
            }

            var sign = _source[_at];
            var skip = sign is '-' or '+' && Matches(_at + 1, close) ? 1 : 0;
            if ((depth == 0 || close == "%}") && Matches(_at + skip, close))
            {
                Advance(_at + skip + close.Length);
                Add(end, string.Empty);
                return (skip == 1 && sign == '-', end == TemplateTokenKind.BlockEnd && !(skip == 1 && sign == '+'));
            }

            ReadToken(ref depth);
        }
    }

    private void ReadToken(ref int depth)
    {
        var c = _source[_at];
        if (c is '\'' or '"')
        {
            ReadLiteral(c);
        }
        else if (char.IsAsciiDigit(c))
        {
            ReadNumber();
        }
        else if (char.IsLetter(c) || c == '_')
        {
            var end = _at;
            while (end < _source.Length && (char.IsLetterOrDigit(_source[end]) || _source[end] == '_'))
            {
                end++;
            }

            Add(TemplateTokenKind.Name, _source[_at..end]);
            Advance(end);
        }
        else
        {
            var symbol = Array.Find(_operators, candidate => Matches(_at, candidate)) ?? throw Error($"has the character '{c}' where an expression belongs");
            depth += symbol is "{" or "(" or "[" ? 1 : symbol is "}" or ")" or "]" ? -1 : 0;
            Add(TemplateTokenKind.Operator, symbol);
            Advance(_at + symbol.Length);
        }
    }

    private void ReadNumber()
    {
        var end = _at;
        while (end < _source.Length && (char.IsAsciiDigit(_source[end]) || _source[end] == '_'))
        {
            end++;
        }

        var isFloat = end + 1 < _source.Length && _source[end] == '.' && char.IsAsciiDigit(_source[end + 1]);
        if (isFloat)
        {
            end++;
            while (end < _source.Length && char.IsAsciiDigit(_source[end]))
            {
                end++;
            }
        }

        Add(isFloat ? TemplateTokenKind.Float : TemplateTokenKind.Integer, _source[_at..end].Replace("_", string.Empty, StringComparison.Ordinal));
        Advance(end);
    }

    private void ReadLiteral(char quote)
    {
        var text = new StringBuilder();
        for (var i = _at + 1; i < _source.Length; i++)
        {
            if (_source[i] == quote)
            {
                Add(TemplateTokenKind.Literal, text.ToString());
                Advance(i + 1);
                return;
            }

            if (_source[i] == '\\' && i + 1 < _source.Length)
            {
                i += ReadEscape(i + 1, text);
            }
            else
            {
                text.Append(_source[i]);
            }
        }

        throw Error("has a text without its closing quote");
    }

    /// <summary>Reads what stands behind a backslash, as Python has it, and tells how long it is.</summary>
    private int ReadEscape(int at, StringBuilder text)
    {
        var digits = _source[at] switch { 'x' => 2, 'u' => 4, 'U' => 8, _ => 0 };
        if (digits > 0)
        {
            if (at + digits < _source.Length
                && int.TryParse(_source.AsSpan(at + 1, digits), System.Globalization.NumberStyles.AllowHexSpecifier, System.Globalization.CultureInfo.InvariantCulture, out var code)
                && Rune.IsValid(code))
            {
                text.Append(new Rune(code).ToString());
                return digits + 1;
            }

            throw Error("has an escape that is no character");
        }

        switch (_source[at])
        {
            case 'n': text.Append('\n'); break;
            case 't': text.Append('\t'); break;
            case 'r': text.Append('\r'); break;
            case 'b': text.Append('\b'); break;
            case 'f': text.Append('\f'); break;
            case '\\' or '\'' or '"': text.Append(_source[at]); break;
            case '\n': break;
            default: text.Append('\\').Append(_source[at]); break;
        }

        return 1;
    }

    private bool Matches(int at, string text) => string.CompareOrdinal(_source, at, text, 0, text.Length) == 0;

    private void Add(TemplateTokenKind kind, string text)
    {
        if (kind != TemplateTokenKind.Text || text.Length > 0)
        {
            _tokens.Add(new TemplateToken(kind, text, _line));
        }
    }

    private void Advance(int to)
    {
        for (; _at < to; _at++)
        {
            _line += _source[_at] == '\n' ? 1 : 0;
        }
    }

    private TemplateException Error(string problem) => new($"line {_line} {problem}");
}
