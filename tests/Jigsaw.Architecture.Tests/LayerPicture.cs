using System.Text;

namespace Jigsaw.Architecture.Tests;

/// <summary>The layers of an assembly as text: each namespace of the second level stands above all that it uses.</summary>
internal static class LayerPicture
{
    private const string Root = "Jigsaw";
    private const string CompilerServices = "CompilerServices";

    /// <summary>Draws a graph without circles, the top layer first.</summary>
    public static string Of(NamespaceGraph graph)
    {
        var uses = new SortedDictionary<string, SortedSet<string>>(StringComparer.Ordinal);
        foreach (var from in graph.Namespaces.Where(name => Room(name) is not null))
        {
            var room = Room(from)!;
            if (!uses.TryGetValue(room, out var targets))
            {
                uses.Add(room, targets = new SortedSet<string>(StringComparer.Ordinal));
            }

            targets.UnionWith(graph.TargetsOf(from).Select(Room).OfType<string>().Where(target => target != room));
        }

        var text = new StringBuilder();
        foreach (var layer in uses.Keys.GroupBy(room => Height(room, uses)).OrderByDescending(layer => layer.Key))
        {
            foreach (var room in layer)
            {
                var used = uses[room];
                text.Append(used.Count == 0 ? room : $"{room,-18} uses {string.Join(", ", used)}").Append('\n');
            }

            if (layer.Key > 0)
            {
                text.Append('\n');
            }
        }

        return text.ToString();
    }

    /// <summary>What term inputs (<c>Jigsaw</c> itself) are counted to; what generated code calls is a face of the rooms, not one of them.</summary>
    private static string? Room(string name) => name.Split('.') is [Root, var room, ..] ? room == CompilerServices ? null : room : "Passes";

    /// <summary>The rooms below a room, one upon another; a circle, which a test of its own names, has no end.</summary>
    private static int Height(string room, SortedDictionary<string, SortedSet<string>> uses, int above = 0) =>
        above > uses.Count ? throw new InvalidOperationException($"{room} is in a circle.") : uses[room].Count == 0 ? 0 : 1 + uses[room].Max(used => Height(used, uses, above + 1));
}
