using ArchUnitNET.Domain;
using ArchUnitNET.Loader;
using Assembly = System.Reflection.Assembly;

namespace Jigsaw.Architecture.Tests;

/// <summary>Which namespace uses which, and by which types: signatures, fields, attributes and method bodies.</summary>
internal sealed class NamespaceGraph
{
    private readonly SortedDictionary<string, SortedDictionary<string, SortedSet<string>>> _uses = new(StringComparer.Ordinal);

    /// <summary>Reads assemblies. Of others, and of what the compiler itself wrote, nothing is in the graph.</summary>
    public static NamespaceGraph Of(params Assembly[] assemblies)
    {
        var graph = new NamespaceGraph();
        var types = new ArchLoader().LoadAssemblies(assemblies).Build().Types.Where(type => type.Namespace?.FullName.StartsWith("Jigsaw", StringComparison.Ordinal) == true);
        foreach (var type in types)
        {
            foreach (var target in type.Dependencies.Select(dependency => dependency.Target).Where(target => IsOf(assemblies, target) && CanUse(assemblies, type, target)))
            {
                graph.Add(type.Namespace.FullName, target.Namespace.FullName, $"{type.Name} uses {target.Name}");
            }
        }

        return graph;
    }

    /// <summary>All namespaces.</summary>
    public IEnumerable<string> Namespaces => _uses.Keys;

    /// <summary>Adds an arrow.</summary>
    public void Add(string from, string to, string because)
    {
        if (from == to)
        {
            return;
        }

        _ = Of(to);
        var targets = Of(from);
        if (!targets.TryGetValue(to, out var reasons))
        {
            targets.Add(to, reasons = new SortedSet<string>(StringComparer.Ordinal));
        }

        reasons.Add(because);
    }

    /// <summary>What a namespace uses, a sentence for each pair of types.</summary>
    public IEnumerable<string> Uses(string from, Func<string, bool> isTarget) =>
        _uses.TryGetValue(from, out var targets) ? targets.Where(target => isTarget(target.Key)).SelectMany(target => target.Value.Select(because => $"{from} → {target.Key}: {because}")) : [];

    /// <summary>The namespaces that one uses.</summary>
    public IEnumerable<string> TargetsOf(string from) => _uses[from].Keys;

    /// <summary>Every arrow that lies on a circle, with its reasons; empty if there is none.</summary>
    public IReadOnlyList<string> Circles() =>
        [.. _uses.SelectMany(from => from.Value.Where(to => Reaches(to.Key, from.Key)).Select(to => $"{from.Key} → {to.Key}: {string.Join(", ", to.Value)}"))];

    private static bool IsOf(Assembly[] assemblies, IType target) => target.Namespace?.FullName.StartsWith("Jigsaw", StringComparison.Ordinal) == true && assemblies.Any(assembly => target.Assembly?.FullName == assembly.FullName);

    /// <summary>The loader takes instances of one generic type for the same, such as those in the code of JSON contexts: an assembly uses none that it doesn't reference.</summary>
    private static bool CanUse(Assembly[] assemblies, IType type, IType target) =>
        type.Assembly?.FullName == target.Assembly?.FullName
        || assemblies.Single(assembly => assembly.FullName == type.Assembly?.FullName).GetReferencedAssemblies().Any(reference => reference.FullName == target.Assembly?.FullName);

    private SortedDictionary<string, SortedSet<string>> Of(string name)
    {
        if (!_uses.TryGetValue(name, out var targets))
        {
            _uses.Add(name, targets = new SortedDictionary<string, SortedSet<string>>(StringComparer.Ordinal));
        }

        return targets;
    }

    private bool Reaches(string from, string to)
    {
        var (seen, open) = (new HashSet<string> { from }, new Stack<string>([from]));
        while (open.TryPop(out var name))
        {
            if (name == to)
            {
                return true;
            }

            foreach (var next in _uses[name].Keys.Where(seen.Add))
            {
                open.Push(next);
            }
        }

        return false;
    }
}
