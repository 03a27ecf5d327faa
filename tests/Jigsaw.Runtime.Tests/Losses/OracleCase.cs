using System.Text.Json;
using Xunit.Abstractions;

namespace Jigsaw.Runtime.Tests.Losses;

/// <summary>One case of the oracles, and how it is run.</summary>
public sealed class OracleCase : IXunitSerializable
{
    private static readonly Lazy<JsonElement[]> All = new(() => [.. JsonDocument.Parse(File.ReadAllBytes(TestData.Path("losses", "cases.json"))).RootElement.EnumerateArray()]);

    /// <summary>For xunit.</summary>
    public OracleCase()
    {
        Key = "";
    }

    private OracleCase(string key, string type, bool packed)
    {
        Key = key;
        Type = type;
        Packed = packed;
    }

    /// <summary>Term and case.</summary>
    public string Key { get; private set; }

    /// <summary>float64, float32 or bfloat16.</summary>
    public string Type { get; private set; } = "";

    /// <summary>Whether masks carry their rows.</summary>
    public bool Packed { get; private set; }

    internal JsonElement Json => All.Value.Single(element => KeyOf(element) == Key);

    internal static IEnumerable<OracleCase> Where(Func<string, bool> term) =>
        from element in All.Value
        where term(element.GetProperty("term").GetString()!)
        from type in (string[])["float64", "float32", "bfloat16"]
        from packed in (bool[])[true, false]
        select new OracleCase(KeyOf(element), type, packed);

    /// <inheritdoc/>
    public void Deserialize(IXunitSerializationInfo info)
    {
        Key = info.GetValue<string>(nameof(Key));
        Type = info.GetValue<string>(nameof(Type));
        Packed = info.GetValue<bool>(nameof(Packed));
    }

    /// <inheritdoc/>
    public void Serialize(IXunitSerializationInfo info)
    {
        info.AddValue(nameof(Key), Key);
        info.AddValue(nameof(Type), Type);
        info.AddValue(nameof(Packed), Packed);
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Key} {Type} {(Packed ? "packed" : "unpacked")}";

    private static string KeyOf(JsonElement element) => $"{element.GetProperty("term").GetString()}/{element.GetProperty("case").GetString()}";
}
