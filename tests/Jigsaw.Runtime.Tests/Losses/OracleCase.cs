using System.Collections.Concurrent;
using System.Text.Json;
using Xunit.Abstractions;

namespace Jigsaw.Runtime.Tests.Losses;

/// <summary>One case of the oracles, and how it is run.</summary>
public sealed class OracleCase : IXunitSerializable
{
    private static readonly ConcurrentDictionary<string, JsonElement[]> _all = [];

    /// <summary>For xunit.</summary>
    public OracleCase()
    {
        (Key, Set) = ("", "");
    }

    private OracleCase(string set, string key, string type, bool packed)
    {
        Set = set;
        Key = key;
        Type = type;
        Packed = packed;
    }

    /// <summary>The folder of the oracles.</summary>
    public string Set { get; private set; }

    /// <summary>Term and case.</summary>
    public string Key { get; private set; }

    /// <summary>float64, float32 or bfloat16.</summary>
    public string Type { get; private set; } = "";

    /// <summary>True if masks carry their row index.</summary>
    public bool Packed { get; private set; }

    internal JsonElement Json => Of(Set).Single(element => KeyOf(element) == Key);

    internal static IEnumerable<OracleCase> Where(Func<string, bool> term, string set = "losses") =>
        from element in Of(set)
        where term(element.GetProperty("term").GetString()!)
        from type in (string[])["float64", "float32", "bfloat16"]
        from packed in (bool[])[true, false]
        select new OracleCase(set, KeyOf(element), type, packed);

    /// <inheritdoc/>
    public void Deserialize(IXunitSerializationInfo info)
    {
        Set = info.GetValue<string>(nameof(Set));
        Key = info.GetValue<string>(nameof(Key));
        Type = info.GetValue<string>(nameof(Type));
        Packed = info.GetValue<bool>(nameof(Packed));
    }

    /// <inheritdoc/>
    public void Serialize(IXunitSerializationInfo info)
    {
        info.AddValue(nameof(Set), Set);
        info.AddValue(nameof(Key), Key);
        info.AddValue(nameof(Type), Type);
        info.AddValue(nameof(Packed), Packed);
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Key} {Type} {(Packed ? "packed" : "unpacked")}";

    private static JsonElement[] Of(string set) => _all.GetOrAdd(set, name => [.. JsonDocument.Parse(File.ReadAllBytes(TestData.Path(name, "cases.json"))).RootElement.EnumerateArray()]);

    private static string KeyOf(JsonElement element) => $"{element.GetProperty("term").GetString()}/{element.GetProperty("case").GetString()}";
}
