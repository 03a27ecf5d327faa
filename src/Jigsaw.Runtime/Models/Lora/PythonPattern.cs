using System.Text;

namespace Jigsaw.Models.Lora;

/// <summary>Writes a regular expression of Python's as one of .NET's, where the two spell the same thing differently.</summary>
internal static class PythonPattern
{
    public static string Translate(string pattern)
    {
        var text = new StringBuilder();
        var inClass = false;
        for (var i = 0; i < pattern.Length; i++)
        {
            var rest = pattern.AsSpan(i);
            if (pattern[i] == '\\' && i + 1 < pattern.Length)
            {
                // Python's \Z is the very end; .NET's lets a line break follow.
                text.Append('\\').Append(!inClass && pattern[i + 1] == 'Z' ? 'z' : pattern[i + 1]);
                i++;
            }
            else if (!inClass && rest.StartsWith("(?P<"))
            {
                text.Append("(?<");
                i += 3;
            }
            else if (!inClass && rest.StartsWith("(?P=") && rest.IndexOf(')') is > 0 and var end)
            {
                text.Append("\\k<").Append(rest[4..end]).Append('>');
                i += end;
            }
            else
            {
                inClass = pattern[i] == '[' || (inClass && pattern[i] != ']');
                text.Append(pattern[i]);
            }
        }

        return text.ToString();
    }
}
