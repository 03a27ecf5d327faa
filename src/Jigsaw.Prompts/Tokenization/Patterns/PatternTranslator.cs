using System.Globalization;
using System.Text;
using Jigsaw.Tokenization.Unicode;

namespace Jigsaw.Tokenization.Patterns;

/// <summary>
/// Reads a pattern of Oniguruma (its syntax for Ruby, which Hugging Face's tokenizers use) and writes it for .NET over an alphabet of its
/// own: every set of characters in it is numbered, and a set is written as a placeholder that <see cref="CodePointPattern"/> fills in.
/// </summary>
internal sealed class PatternTranslator
{
    /// <summary>Stands before a set's number and behind it.</summary>
    public const char Placeholder = '\uFFFF';

    private const int MaximumDepth = 100;
    private const int MaximumRepetition = 100_000;

    private readonly string _pattern;
    private readonly List<CodePointSet> _sets = [];
    private readonly StringBuilder _output = new();
    private int _at;
    private int _depth;
    private bool _ignoresCase;
    private bool _dotMatchesNewLine;
    private bool _isExtended;

    private PatternTranslator(string pattern) => _pattern = pattern;

    public static (string Regex, IReadOnlyList<CodePointSet> Sets) Translate(string pattern)
    {
        var translator = new PatternTranslator(pattern);
        translator.Alternatives();
        return translator._at == pattern.Length ? (translator._output.ToString(), translator._sets) : throw new PatternException("it has a ')' that closes nothing");
    }

    private bool AtEnd => _at >= _pattern.Length;

    private char Current => _at < _pattern.Length ? _pattern[_at] : '\0';

    private void Alternatives()
    {
        if (++_depth > MaximumDepth)
        {
            throw new PatternException($"it is nested deeper than {MaximumDepth} levels");
        }

        var (ignoresCase, dotMatchesNewLine, isExtended) = (_ignoresCase, _dotMatchesNewLine, _isExtended);
        while (!AtEnd && Current != ')')
        {
            if (Current == '|')
            {
                _output.Append('|');
                _at++;
            }
            else
            {
                Quantified();
            }
        }

        (_ignoresCase, _dotMatchesNewLine, _isExtended) = (ignoresCase, dotMatchesNewLine, isExtended);
        _depth--;
    }

    private void Quantified()
    {
        var start = _output.Length;
        if (!Atom())
        {
            return;
        }

        while (Quantifier() is { } quantifier)
        {
            var atom = _output.ToString(start, _output.Length - start);
            _output.Length = start;
            var (text, isPossessive) = quantifier;
            _output.Append(isPossessive ? "(?>(?:" : "(?:(?:").Append(atom).Append(')').Append(text).Append(')');
        }
    }

    private (string Text, bool IsPossessive)? Quantifier()
    {
        string text;
        var isInterval = false;
        switch (Current)
        {
            case '*' or '+' or '?' when !AtEnd:
                text = Current.ToString();
                _at++;
                break;
            case '{' when Interval() is { } interval:
                text = interval;
                isInterval = true;
                break;
            default:
                return null;
        }

        if (Current == '?')
        {
            _at++;
            return (text + "?", false);
        }

        if (Current == '+' && !isInterval)
        {
            _at++;
            return (text, true);
        }

        return (text, false);
    }

    private string? Interval()
    {
        var end = _pattern.IndexOf('}', _at);
        var parts = end < 0 ? [] : _pattern[(_at + 1)..end].Split(',');
        if (parts.Length is < 1 or > 2 || !parts.All(part => part.All(char.IsAsciiDigit)) || parts.All(part => part.Length == 0))
        {
            return null;
        }

        var numbers = parts.Select(part => part.Length == 0 ? (int?)null : part.Length < 9 ? int.Parse(part, CultureInfo.InvariantCulture) : int.MaxValue).ToArray();
        if (numbers.Any(number => number > MaximumRepetition))
        {
            throw new PatternException($"it repeats something more than {MaximumRepetition} times");
        }

        if (numbers.Length == 2 && numbers[1] < (numbers[0] ?? 0))
        {
            throw new PatternException("it has an interval whose end is before its beginning");
        }

        _at = end + 1;
        return numbers.Length == 1 ? $"{{{numbers[0]}}}" : $"{{{numbers[0] ?? 0},{numbers[1]}}}";
    }

    /// <summary>Writes the next atom; false for what is none, such as a comment.</summary>
    private bool Atom()
    {
        var c = Current;
        switch (c)
        {
            case '(':
                return Group();
            case '[':
                Write(PatternClassReader.Read(_pattern, ref _at));
                return true;
            case '.':
                _at++;
                Write(_dotMatchesNewLine ? CodePointSet.All : PatternClasses.NewLine.Complement());
                return true;
            case '^':
                _at++;
                Around("(?:\\A|(?<=[", "])(?!\\z))", PatternClasses.NewLine);
                return true;
            case '$':
                _at++;
                Around("(?![^", "])", PatternClasses.NewLine);
                return true;
            case '\\':
                Escape();
                return true;
            case '*' or '+' or '?':
                throw new PatternException($"it has a '{c}' with nothing before it");
            case '#' when _isExtended:
                var end = _pattern.IndexOf('\n', _at);
                _at = end < 0 ? _pattern.Length : end + 1;
                return false;
            case var space when _isExtended && char.IsWhiteSpace(space):
                _at++;
                return false;
            default:
                var rune = Rune.TryGetRuneAt(_pattern, _at, out var found) ? found : throw new PatternException("it has half a surrogate pair");
                _at += rune.Utf16SequenceLength;
                Write(CodePointSet.Of((rune.Value, rune.Value)));
                return true;
        }
    }

    private bool Group()
    {
        _at++;
        if (Current != '?')
        {
            Inside("(?:");
            return true;
        }

        _at++;
        foreach (var (opening, written) in new[] { (":", "(?:"), ("=", "(?="), ("!", "(?!"), (">", "(?>"), ("<=", "(?<="), ("<!", "(?<!") })
        {
            if (string.CompareOrdinal(_pattern, _at, opening, 0, opening.Length) == 0)
            {
                _at += opening.Length;
                Inside(written);
                return true;
            }
        }

        if (Current == '#')
        {
            var end = _pattern.IndexOf(')', _at);
            _at = end < 0 ? throw new PatternException("it has a comment without its end") : end + 1;
            return false;
        }

        if (Current is '<' or '\'')
        {
            var end = _pattern.IndexOf(Current == '<' ? '>' : '\'', _at + 1);
            _at = end < 0 ? throw new PatternException("it has a group's name without its end") : end + 1;
            Inside("(?:");
            return true;
        }

        return Options();
    }

    private bool Options()
    {
        var (ignoresCase, dotMatchesNewLine, isExtended) = (_ignoresCase, _dotMatchesNewLine, _isExtended);
        var on = true;
        for (; !AtEnd && Current is not (':' or ')'); _at++)
        {
            switch (Current)
            {
                case '-':
                    on = false;
                    break;
                case 'i':
                    _ignoresCase = on;
                    break;
                case 'm':
                    _dotMatchesNewLine = on;
                    break;
                case 'x':
                    _isExtended = on;
                    break;
                default:
                    throw new PatternException($"it has the group '(?{Current}', which is not supported");
            }
        }

        if (Current == ')')
        {
            // The options hold to the end of the group around.
            _at++;
            _output.Append("(?:");
            while (!AtEnd && Current != ')')
            {
                if (Current == '|')
                {
                    _output.Append('|');
                    _at++;
                }
                else
                {
                    Quantified();
                }
            }

            _output.Append(')');
            return true;
        }

        _at++;
        Inside("(?:");
        (_ignoresCase, _dotMatchesNewLine, _isExtended) = (ignoresCase, dotMatchesNewLine, isExtended);
        return true;
    }

    private void Inside(string opening)
    {
        _output.Append(opening);
        Alternatives();
        _output.Append(')');
        _at = Current == ')' ? _at + 1 : throw new PatternException("it has a '(' that is not closed");
    }

    private void Escape()
    {
        var start = _at;
        if (PatternEscapes.Read(_pattern, ref _at) is { } set)
        {
            Write(set);
            return;
        }

        _at = start + 2;
        switch (_pattern[start + 1])
        {
            case 'A':
                _output.Append("\\A");
                break;
            case 'z':
                _output.Append("\\z");
                break;
            case 'Z':
                _output.Append("(?=");
                Write(PatternClasses.NewLine);
                _output.Append("?\\z)");
                break;
            case 'b':
                Boundary("(?:(?<=", ")(?!", ")|(?<!", ")(?=", "))");
                break;
            case 'B':
                Boundary("(?:(?<=", ")(?=", ")|(?<!", ")(?!", "))");
                break;
            default:
                throw new PatternException($"it has the escape \\{_pattern[start + 1]}, which is not supported");
        }
    }

    private void Boundary(params ReadOnlySpan<string> parts)
    {
        foreach (var part in parts[..^1])
        {
            _output.Append(part);
            Write(PatternClasses.Word);
        }

        _output.Append(parts[^1]);
    }

    /// <summary>Writes that nothing but a set stands before or behind.</summary>
    private void Around(string opening, string closing, CodePointSet set)
    {
        _output.Append(opening);
        Number(set);
        _output.Append(closing);
    }

    private void Write(CodePointSet set)
    {
        _output.Append('[');
        Number(_ignoresCase ? set.WithCases() : set);
        _output.Append(']');
    }

    private void Number(CodePointSet set)
    {
        _output.Append(Placeholder).Append(_sets.Count.ToString(CultureInfo.InvariantCulture)).Append(Placeholder);
        _sets.Add(set);
    }
}
