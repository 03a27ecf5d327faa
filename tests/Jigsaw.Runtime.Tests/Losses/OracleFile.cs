using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;
using static TorchSharp.torch;

namespace Jigsaw.Runtime.Tests.Losses;

/// <summary>The tensors of one safetensors file of oracles.</summary>
internal sealed class OracleFile
{
    private static readonly Dictionary<string, OracleFile> _files = [];

    private readonly byte[] _bytes;
    private readonly JsonElement _header;
    private readonly int _data;

    private OracleFile(string path)
    {
        _bytes = File.ReadAllBytes(path);
        var length = (int)BinaryPrimitives.ReadUInt64LittleEndian(_bytes);
        _header = JsonDocument.Parse(_bytes.AsMemory(8, length)).RootElement;
        _data = 8 + length;
    }

    internal static OracleFile Open(string set, string name)
    {
        lock (_files)
        {
            return _files.TryGetValue($"{set}/{name}", out var file) ? file : _files[$"{set}/{name}"] = new OracleFile(TestData.Path(set, name));
        }
    }

    internal bool Has(string key) => _header.TryGetProperty(key, out _);

    internal Tensor Read(string key)
    {
        var entry = _header.GetProperty(key);
        var shape = entry.GetProperty("shape").EnumerateArray().Select(size => size.GetInt64()).ToArray();
        var offsets = entry.GetProperty("data_offsets");
        var data = _bytes.AsSpan(_data + offsets[0].GetInt32(), offsets[1].GetInt32() - offsets[0].GetInt32());
        return (entry.GetProperty("dtype").GetString() switch
        {
            "F32" => tensor(MemoryMarshal.Cast<byte, float>(data).ToArray(), dtype: ScalarType.Float32),
            "F64" => tensor(MemoryMarshal.Cast<byte, double>(data).ToArray(), dtype: ScalarType.Float64),
            "I64" => tensor(MemoryMarshal.Cast<byte, long>(data).ToArray(), dtype: ScalarType.Int64),
            "BOOL" => tensor(data.ToArray(), dtype: ScalarType.Byte).to(ScalarType.Bool),
            var other => throw new NotSupportedException($"The oracles hold no {other}."),
        }).reshape(shape);
    }
}
