using System.Text;

namespace Jigsaw.Tokenization.Unicode;

/// <summary>Which characters are others' cases, one to one.</summary>
internal static class CaseTable
{
    private static readonly Lazy<Dictionary<int, HashSet<int>>> _pairs = new(Make);

    public static IReadOnlyDictionary<int, HashSet<int>> Pairs => _pairs.Value;

    private static Dictionary<int, HashSet<int>> Make()
    {
        var byFolding = new Dictionary<int, HashSet<int>>();
        for (var codePoint = 0; codePoint <= CodePointSet.Maximum; codePoint++)
        {
            if (!Rune.IsValid(codePoint))
            {
                continue;
            }

            var folded = Rune.ToLowerInvariant(Rune.ToUpperInvariant(new Rune(codePoint))).Value;
            var key = codePoint switch { 0x17F => 's', 0x212A => 'k', 0x2126 => 0x3C9, 0x1E9E => 0xDF, 0xB5 => 0x3BC, 0x130 => 0x130, 0x131 => 0x131, _ => folded };
            if (key != codePoint)
            {
                (byFolding.TryGetValue(key, out var others) ? others : byFolding[key] = [key]).Add(codePoint);
            }
        }

        return byFolding.Values.SelectMany(set => set.Select(member => (member, set))).DistinctBy(entry => entry.member).ToDictionary(entry => entry.member, entry => entry.set);
    }
}
