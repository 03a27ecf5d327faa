using System.IO.Compression;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Parquet.Serialization;

namespace Jigsaw.Runtime.Tests.ChatData;

/// <summary>Writes rows of JSON into files of each kind.</summary>
internal static class ChatFile
{
    public static readonly string[] Kinds = ["jsonl", "json", "jsonl.gz", "json.gz", "jsonl.zst", "json.zst"];

    /// <summary>Writes rows as a kind of file, which its name doesn't tell.</summary>
    public static string Write(TemporaryFolder folder, string kind, params IEnumerable<string> rows)
    {
        var text = kind.StartsWith("jsonl", StringComparison.Ordinal) ? string.Join('\n', rows) : $"[\n{string.Join(",\n", rows)}\n]";
        var path = folder[kind.Replace('.', '-')];
        File.WriteAllBytes(path, Packed(kind, Encoding.UTF8.GetBytes(text)));
        return path;
    }

    public static byte[] Packed(string kind, byte[] bytes)
    {
        using var packed = new MemoryStream();
        using (Stream stream = Path.GetExtension(kind) switch
        {
            ".gz" => new GZipStream(packed, CompressionLevel.Optimal, leaveOpen: true),
            ".zst" => Checked(new ZstdSharp.CompressionStream(packed, leaveOpen: true)),
            _ => new BufferedStream(packed),
        })
        {
            stream.Write(bytes);
            stream.Flush();
            return stream is BufferedStream ? packed.ToArray() : Closed(stream, packed);
        }
    }

    /// <summary>Writes rows of one format as Parquet, with lists of structs.</summary>
    public static async Task<string> WriteParquet(TemporaryFolder folder, string format, IEnumerable<string> rows)
    {
        var path = folder[$"{format}-columns"];
        await using var stream = File.Create(path);
        await (format switch
        {
            "messages" => ParquetSerializer.SerializeAsync(rows.Select(row => JsonSerializer.Deserialize<MessagesRow>(row)!), stream),
            "sharegpt" => ParquetSerializer.SerializeAsync(rows.Select(row => JsonSerializer.Deserialize<ShareGptRow>(row)!), stream),
            _ => (Task)ParquetSerializer.SerializeAsync(rows.Select(row => JsonSerializer.Deserialize<FlatRow>(row)!), stream),
        });
        return path;
    }

    /// <summary>With a checksum, as the program zstd writes it.</summary>
    private static ZstdSharp.CompressionStream Checked(ZstdSharp.CompressionStream stream)
    {
        stream.SetParameter(ZstdSharp.Unsafe.ZSTD_cParameter.ZSTD_c_checksumFlag, 1);
        return stream;
    }

    private static byte[] Closed(Stream stream, MemoryStream packed)
    {
        stream.Dispose();
        return packed.ToArray();
    }

    internal sealed class MessagesRow
    {
        [JsonPropertyName("messages")]
        public List<Message>? Messages { get; set; }

        [JsonPropertyName("slots")]
        public Slots? Slots { get; set; }

        [JsonPropertyName("tools")]
        public string? Tools { get; set; }
    }

    internal sealed class ShareGptRow
    {
        [JsonPropertyName("conversations")]
        public List<Turn>? Conversations { get; set; }

        [JsonPropertyName("slots")]
        public Slots? Slots { get; set; }
    }

    internal sealed class FlatRow
    {
        [JsonPropertyName("system")]
        public string? System { get; set; }

        [JsonPropertyName("prompt")]
        public string? Prompt { get; set; }

        [JsonPropertyName("completion")]
        public string? Completion { get; set; }

        [JsonPropertyName("response")]
        public string? Response { get; set; }

        [JsonPropertyName("instruction")]
        public string? Instruction { get; set; }

        [JsonPropertyName("input")]
        public string? Input { get; set; }

        [JsonPropertyName("output")]
        public string? Output { get; set; }

        [JsonPropertyName("slots")]
        public Slots? Slots { get; set; }
    }

    internal sealed class Message
    {
        [JsonPropertyName("role")]
        public string? Role { get; set; }

        [JsonPropertyName("content")]
        public string? Content { get; set; }

        [JsonPropertyName("name")]
        public string? Name { get; set; }
    }

    internal sealed class Turn
    {
        [JsonPropertyName("from")]
        public string? From { get; set; }

        [JsonPropertyName("value")]
        public string? Value { get; set; }
    }

    internal sealed class Slots
    {
        [JsonPropertyName("first")]
        public string? First { get; set; }
    }
}
