using System.Text;

namespace Jigsaw.Generators.Emission;

/// <summary>Writes lines of C#; the scopes of the text are scopes of the program that writes it. Line ends are always <c>\n</c>.</summary>
internal sealed class IndentedWriter
{
    private readonly StringBuilder _text = new();
    private readonly Stack<string> _closings = new();

    public void Line(string line = "")
    {
        if (line.Length > 0)
        {
            _text.Append(' ', 4 * _closings.Count).Append(line);
        }

        _text.Append('\n');
    }

    /// <summary>Writes lines; empty ones stay empty.</summary>
    public void Lines(string lines)
    {
        foreach (var line in lines.Split('\n'))
        {
            Line(line.TrimEnd('\r'));
        }
    }

    /// <summary>Opens a block, which closes with the scope.</summary>
    public Scope Block(string closing = "}")
    {
        Line("{");
        return Indent(closing);
    }

    /// <summary>Indents what follows until the scope closes.</summary>
    public Scope Indent(string? closing = null)
    {
        _closings.Push(closing ?? "");
        return new Scope(this);
    }

    public override string ToString() => _text.ToString();

    private void Close()
    {
        var closing = _closings.Pop();
        if (closing.Length > 0)
        {
            Line(closing);
        }
    }

    public readonly struct Scope : IDisposable
    {
        private readonly IndentedWriter _writer;

        public Scope(IndentedWriter writer) => _writer = writer;

        public void Dispose() => _writer.Close();
    }
}
