using System.Text;

namespace Jigsaw.Tokenization.Templates;

/// <summary>Cuts a Jinja template into tokens, with the settings of transformers: trim_blocks and lstrip_blocks on, one line break at the very end dropped.</summary>
internal sealed class TemplateLexer
{
    private static readonly string[] _operators =
        ["//", "**", "==", "!=", "<=", ">=", "+", "-", "*", "/", "%", "~", "<", ">", "=", "(", ")", "[", "]", "{", "}", ".", ",", ":", "|", ";"];

    private readonly string _source;
    private readonly List<TemplateToken> _tokens = [];
    private int _at;
    private int _line = 1;
    private bool _lineStarts = true;

    private TemplateLexer(string source)
    {
        var text = source.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
        _source = text.EndsWith('\n') ? text[..^1] : text;
    }

    public static IReadOnlyList<TemplateToken> Read(string source)
    {
        var lexer = new TemplateLexer(source);
        try
        {
            lexer.ReadAll();
        }
        catch (TemplateException exception)
        {
            throw new TemplateException($"{exception.Message} (line {lexer._line})");
        }

        return lexer._tokens;
    }

    private void ReadAll()
    {
        while (_at < _source.Length)
        {
            var open = NextTag();
            if (open == _source.Length)
            {
                Add(TemplateTokenKind.Text, _source[_at..]);
                break;
            }

            var kind = _source[open + 1];
            var sign = Sign(open + 2);
            var start = open + 2 + (sign == '\0' ? 0 : 1);
            Add(TemplateTokenKind.Text, Before(open, sign, isOutput: kind == '{'));
            Advance(start);
            _lineStarts = false;
            if (kind == '#')
            {
                var end = _source.IndexOf("#}", _at, StringComparison.Ordinal);
                if (_at == _source.Length)
                {
                    break;
                }

                Close(end < 0 ? throw new TemplateException("has a comment without its end") : end, "#}", trims: true, _at);
            }
            else if (kind == '%' && RawEnd(start) is { } raw)
            {
                ReadRaw(raw);
            }
            else
            {
                ReadTag(kind == '%');
            }
        }

        Add(TemplateTokenKind.End, string.Empty);
    }

    private char Sign(int at) => at < _source.Length && _source[at] is '-' or '+' ? _source[at] : '\0';

    private int NextTag()
    {
        for (var i = _source.IndexOf('{', _at); i >= 0 && i + 1 < _source.Length; i = _source.IndexOf('{', i + 1))
        {
            if (_source[i + 1] is '{' or '%' or '#')
            {
                return i;
            }
        }

        return _source.Length;
    }

    /// <summary>The text before a tag: without white space before a minus, and without the blanks before a block that is first on its line.</summary>
    private string Before(int open, char sign, bool isOutput)
    {
        var text = _source[_at..open];
        if (sign == '-')
        {
            return TrimEnd(text);
        }

        var line = text.LastIndexOf('\n') + 1;
        return sign == '\0' && !isOutput && (line > 0 || _lineStarts) && TextCharacters.IsBlank(text.AsSpan(line)) ? text[..line] : text;
    }

    private static string TrimEnd(string text) => text.TrimEnd(TextCharacters.WhiteSpace.ToCharArray());

    /// <summary>Goes behind the end of a tag, whose mark is at a place, and takes what it strips.</summary>
    private void Close(int end, string close, bool trims, int begin)
    {
        var sign = end > begin ? Sign(end - 1) : '\0';
        var at = end + close.Length;
        if (sign == '-')
        {
            while (at < _source.Length && TextCharacters.IsSpace(_source[at]))
            {
                at++;
            }
        }
        else if (trims && sign != '+' && at < _source.Length && _source[at] == '\n')
        {
            at++;
        }

        _lineStarts = _source[at - 1] == '\n';
        Advance(at);
    }

    /// <summary>Where the content of a raw block begins, behind <c>{%</c> at a place; null where it is another block.</summary>
    private int? RawEnd(int at)
    {
        at = SkipSpace(at);
        if (!Matches(at, "raw"))
        {
            return null;
        }

        at = SkipSpace(at + 3);
        return Matches(at, "-%}") ? SkipSpace(at + 3) : Matches(at, "%}") ? at + 2 : null;
    }

    private void ReadRaw(int start)
    {
        Advance(start);
        if (start == _source.Length)
        {
            return;
        }

        for (var open = _source.IndexOf("{%", _at, StringComparison.Ordinal); open >= 0; open = _source.IndexOf("{%", open + 1, StringComparison.Ordinal))
        {
            var sign = Sign(open + 2);
            var name = SkipSpace(open + 2 + (sign == '\0' ? 0 : 1));
            var end = Matches(name, "endraw") ? SkipSpace(name + 6) : -1;
            if (end < 0 || !(Matches(end, "%}") || (Sign(end) != '\0' && Matches(end + 1, "%}"))))
            {
                continue;
            }

            Add(TemplateTokenKind.Text, Before(open, sign, isOutput: false));
            Close(end + (Sign(end) == '\0' ? 0 : 1), "%}", trims: true, end);
            return;
        }

        throw new TemplateException("has a raw block without its end");
    }

    private void ReadTag(bool isBlock)
    {
        Add(isBlock ? TemplateTokenKind.BlockStart : TemplateTokenKind.OutputStart, string.Empty);
        var close = isBlock ? "%}" : "}}";
        var brackets = new Stack<char>();
        while (true)
        {
            var begin = _at;
            if (brackets.Count == 0)
            {
                var sign = Sign(_at);
                var skip = (sign == '-' || (sign == '+' && isBlock)) && Matches(_at + 1, close) ? 1 : 0;
                if (Matches(_at + skip, close))
                {
                    Close(_at + skip, close, trims: isBlock, begin);
                    Add(isBlock ? TemplateTokenKind.BlockEnd : TemplateTokenKind.OutputEnd, string.Empty);
                    return;
                }
            }

            if (_at >= _source.Length)
            {
                throw new TemplateException($"has a tag without its '{close}'");
            }

            if (TextCharacters.IsSpace(_source[_at]))
            {
                Advance(SkipSpace(_at));
            }
            else
            {
                ReadToken(brackets);
            }
        }
    }

    private void ReadToken(Stack<char> brackets)
    {
        var number = TemplateLiterals.Number(_source, _at, out var isFloat);
        if (number > 0)
        {
            Add(isFloat ? TemplateTokenKind.Float : TemplateTokenKind.Integer, _source.Substring(_at, number).Replace("_", string.Empty, StringComparison.Ordinal));
            Advance(_at + number);
            return;
        }

        var end = _at;
        while (end < _source.Length && IsName(end))
        {
            end += char.IsHighSurrogate(_source[end]) ? 2 : 1;
        }

        if (end > _at)
        {
            var name = _source[_at..end];
            Add(TemplateTokenKind.Name, TextCharacters.IsIdentifier(name) ? name : throw new TemplateException($"has '{name}', which is not a name"));
            Advance(end);
        }
        else if (_source[_at] is '\'' or '"')
        {
            ReadLiteral(_source[_at]);
        }
        else
        {
            ReadOperator(brackets);
        }
    }

    private bool IsName(int at) => Rune.TryGetRuneAt(_source, at, out var rune) && (TextCharacters.IsWord(rune)
        || Rune.GetUnicodeCategory(rune) is System.Globalization.UnicodeCategory.NonSpacingMark or System.Globalization.UnicodeCategory.SpacingCombiningMark or System.Globalization.UnicodeCategory.ConnectorPunctuation);

    private void ReadLiteral(char quote)
    {
        for (var i = _at + 1; i < _source.Length; i++)
        {
            if (_source[i] == quote)
            {
                Add(TemplateTokenKind.Literal, TemplateLiterals.Text(_source[(_at + 1)..i]));
                Advance(i + 1);
                return;
            }

            i += _source[i] == '\\' ? 1 : 0;
        }

        throw new TemplateException("has a text without its closing quote");
    }

    private void ReadOperator(Stack<char> brackets)
    {
        var symbol = Array.Find(_operators, candidate => Matches(_at, candidate)) ?? throw new TemplateException($"has the character '{Rune.GetRuneAt(_source, _at)}' where an expression belongs");
        switch (symbol)
        {
            case "{":
                brackets.Push('}');
                break;
            case "(":
                brackets.Push(')');
                break;
            case "[":
                brackets.Push(']');
                break;
            case "}" or ")" or "]" when brackets.Count == 0 || brackets.Pop() != symbol[0]:
                throw new TemplateException($"has a '{symbol}' that closes nothing");
        }

        Add(TemplateTokenKind.Operator, symbol);
        Advance(_at + symbol.Length);
    }

    private int SkipSpace(int at)
    {
        while (at < _source.Length && TextCharacters.IsSpace(_source[at]))
        {
            at++;
        }

        return at;
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
        _line += _source.AsSpan(_at, to - _at).Count('\n');
        _at = to;
    }
}
