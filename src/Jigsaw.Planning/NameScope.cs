using Jigsaw.CompilerServices;

namespace Jigsaw.Planning;

/// <summary>Gives out names that are not taken yet.</summary>
internal sealed class NameScope
{
    private readonly HashSet<string> _taken;

    public NameScope(IEnumerable<string> taken) => _taken = new HashSet<string>(taken, StringComparer.Ordinal);

    /// <summary>The name, or the name with a suffix where it is taken.</summary>
    public string Take(string name)
    {
        var candidate = name;
        for (var i = 1; !_taken.Add(candidate); i++)
        {
            candidate = i == 1 ? name + "Term" : name + "Term" + NumberText.Of(i);
        }

        return candidate;
    }

    /// <summary>The name with a small first letter.</summary>
    public static string Camel(string name) => char.ToLowerInvariant(name[0]) + name.Substring(1);
}
