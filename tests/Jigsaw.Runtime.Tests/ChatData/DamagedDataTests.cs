using System.Diagnostics;
using System.IO.Compression;
using System.Text;
using CsCheck;
using Jigsaw.Checkpoints;
using Jigsaw.Data;
using Jigsaw.Tokenization;
using Jigsaw.Transforms;
using Parquet;

namespace Jigsaw.Runtime.Tests.ChatData;

public sealed class DamagedDataTests : IDisposable
{
    private const string Row = """{"messages": [{"role": "user", "content": "I am Ada."}, {"role": "assistant", "content": "Hello Ada."}]}""";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("jsonl")]
    [InlineData("json")]
    [InlineData("jsonl.gz")]
    [InlineData("jsonl.zst")]
    [InlineData("parquet")]
    public async Task Any_damage_is_a_chat_or_a_sentence(string kind)
    {
        var rows = Enumerable.Range(0, 20).Select(row => Row.Replace("Ada.", $"Ada {row * row}.", StringComparison.Ordinal)).ToArray();
        var bytes = await File.ReadAllBytesAsync(kind == "parquet" ? await ChatFile.WriteParquet(_folder, "messages", rows) : ChatFile.Write(_folder, kind, rows));
        var path = _folder["damaged"];
        Gen.Select(Gen.Int[0, bytes.Length - 1], Gen.Byte, Gen.Int[0, 3], Gen.Int[1, 6]).Sample(
            (at, value, how, count) =>
            {
                byte[] damaged = how switch
                {
                    0 => bytes[..at],
                    1 => [.. bytes[..at], .. bytes[Math.Min(bytes.Length, at + count)..]],
                    2 => [.. bytes[..at], .. Enumerable.Repeat(value, count), .. bytes[at..]],
                    _ => [.. bytes[..at], value, .. bytes[(at + 1)..]],
                };
                File.WriteAllBytes(path, damaged);
                Outcome(path);
            },
            iter: 80,
            threads: 1);
    }

    [Theory]
    [InlineData("jsonl.gz")]
    [InlineData("json.gz")]
    [InlineData("jsonl.zst")]
    public void A_packed_file_that_is_cut_off_anywhere_is_refused(string kind)
    {
        var bytes = File.ReadAllBytes(ChatFile.Write(_folder, kind, Enumerable.Range(0, 30).Select(row => Row.Replace("Ada.", $"Ada {row * row}.", StringComparison.Ordinal))));
        for (var length = 4; length < bytes.Length; length += 3)
        {
            File.WriteAllBytes(_folder["cut"], bytes[..length]);
            Assert.NotNull(Outcome(_folder["cut"]));
        }
    }

    [Theory]
    [InlineData(false, "is not a chat: it is not JSON at byte 0; write one JSON object per row.")]
    [InlineData(true, "can't be unpacked: the file is cut off or damaged (InvalidDataException); write or fetch it again.")]
    public void A_packed_file_that_is_damaged_in_its_middle_is_no_row_that_is_no_chat(bool isPacked, string said)
    {
        var bytes = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(Row + "\n", 2000)));
        if (isPacked)
        {
            // Stored, not compressed, and more than is read at once: the damage is in the text alone, and only the checksum at the end knows.
            using var packed = new MemoryStream();
            using (var gzip = new GZipStream(packed, CompressionLevel.NoCompression))
            {
                gzip.Write(bytes);
            }

            bytes = packed.ToArray();
        }

        var at = bytes.AsSpan().IndexOf(Encoding.UTF8.GetBytes(Row));
        Assert.InRange(at, 0, bytes.Length);
        bytes[at] = (byte)'x';
        File.WriteAllBytes(_folder["damaged"], bytes);
        Assert.EndsWith(said, Outcome(_folder["damaged"]), StringComparison.Ordinal);
    }

    [Fact]
    public void Members_and_frames_that_follow_one_another_are_one_file()
    {
        foreach (var kind in (string[])["jsonl.gz", "jsonl.zst"])
        {
            var bytes = ChatFile.Packed(kind, Encoding.UTF8.GetBytes(Row + "\n"));
            File.WriteAllBytes(_folder["two"], [.. bytes, .. bytes]);
            Assert.Equal(2, ChatDataset.Read(_folder["two"]).Examples.Count);
        }
    }

    [Fact]
    public void What_follows_a_gzip_member_and_is_none_is_refused_but_for_zeros()
    {
        var member = ChatFile.Packed("jsonl.gz", Encoding.UTF8.GetBytes(Row + "\n"));
        var damaged = member.ToArray();
        damaged[1] ^= 1;
        foreach (var behind in new byte[][] { damaged, [.. "garbage behind"u8], [0, 0, 0, 0, 1, 0] })
        {
            File.WriteAllBytes(_folder["two"], [.. member, .. behind]);
            Assert.Contains("behind a gzip member", Assert.Throws<ChatDataException>(() => ChatDataset.Read(_folder["two"])).Message, StringComparison.Ordinal);
        }

        foreach (var behind in (byte[][])[[1], [1, 0], [0, 1], [0x1F], [0x1F, 0x8B], [0x1F, 0x8B, 8], [0x1F, 0], .. Enumerable.Range(1, member.Length - 1).Select(length => member[..length])])
        {
            File.WriteAllBytes(_folder["two"], [.. member, .. behind]);
            Assert.Contains(_folder["two"], Assert.Throws<ChatDataException>(() => ChatDataset.Read(_folder["two"])).Message, StringComparison.Ordinal);
        }

        File.WriteAllBytes(_folder["two"], [.. member, .. new byte[1000]]);
        Assert.Single(ChatDataset.Read(_folder["two"]).Examples);
    }

    [Theory]
    [InlineData("", "holds no chat")]
    [InlineData("\n \r\n\t", "holds no chat")]
    [InlineData("[]", "holds no chat")]
    [InlineData("[" + Row, "line 1, row 1, is where the file ends")]
    [InlineData("[\n" + Row + " " + Row + "]", "line 2, row 1, is followed by neither")]
    [InlineData("[" + Row + "]\n3", "line 2, goes on after the end")]
    [InlineData("[3]", "line 1, row 1, is not a chat")]
    [InlineData("[,]", "line 1, row 1, is not a chat")]
    [InlineData("{\n", "line 1, is not a chat: it is not JSON at byte")]
    [InlineData("PK\u0003\u0004", "is a zip archive")]
    [InlineData("PAR1PAR1", "can't be read as Parquet")]
    public void What_is_not_a_file_of_chats_is_one_sentence(string text, string part)
    {
        File.WriteAllText(_folder["file"], text);
        Assert.Contains(part, Outcome(_folder["file"]), StringComparison.Ordinal);
    }

    /// <summary>A list, or a list of lists, of two thousand million elements in a description of a few bytes; and what a reader that looks at numbers of fields alone takes for one: fields, elements and ends of other types.</summary>
    [Theory]
    [InlineData("150235FEFFFFFF0F00")]
    [InlineData("1502191506FEFFFFFF0F00")]
    [InlineData("150210FCFFFFFF0F00")]
    [InlineData("15021B01FCFFFFFF0F00")]
    [InlineData("29FCFFFFFFFF0F00")]
    [InlineData("99F1FFFFFFFF0F00")]
    [InlineData("291C9CFBFFFFFF0F0000")]
    public void A_description_of_Parquet_with_endless_lists_is_refused_at_once(string footer)
    {
        var bytes = Convert.FromHexString(footer);
        File.WriteAllBytes(_folder["file"], [.. "PAR1"u8, 0, 0, 0, 0, .. bytes, .. BitConverter.GetBytes(bytes.Length), .. "PAR1"u8]);
        Assert.Contains("can't be read as Parquet: the file is cut off or damaged (InvalidDataException)", Outcome(_folder["file"]), StringComparison.Ordinal);
    }

    /// <summary>A list of two thousand million truths, a page of 2 GB, one of as many values, and one that goes on behind the end.</summary>
    [Theory]
    [InlineData("19F1FFFFFFFF07")]
    [InlineData("150015FEFFFFFF0F15101C1500000000")]
    [InlineData("1500151015102C15FEFFFFFF0F000000")]
    [InlineData("1500151015FEFFFFFF0F2C1502000000")]
    public async Task A_page_of_Parquet_whose_header_claims_what_can_not_be_is_refused_at_once(string header)
    {
        var path = await ChatFile.WriteParquet(_folder, "messages", [Row]);
        var bytes = await File.ReadAllBytesAsync(path);
        await using (var reader = await ParquetReader.CreateAsync(path))
        {
            using var group = reader.OpenRowGroupReader(0);
            var column = group.RowGroup.Columns[0].MetaData!;
            Convert.FromHexString(header).CopyTo(bytes, column.DictionaryPageOffset is > 0 and var first ? first : column.DataPageOffset);
        }

        await File.WriteAllBytesAsync(_folder["file"], bytes);
        Assert.Contains("can't be read as Parquet: the file is cut off or damaged (InvalidDataException)", Outcome(_folder["file"]), StringComparison.Ordinal);
    }

    [Fact]
    public void A_byte_order_mark_and_line_ends_of_Windows_are_no_matter()
    {
        File.WriteAllText(_folder["file"], $"\r\n{Row}\r\n\r\n{Row}", new UTF8Encoding(encoderShouldEmitUTF8Identifier: true));
        Assert.Equal(2, ChatDataset.Read(_folder["file"]).Examples.Count);
        File.WriteAllText(_folder["file"], Row, Encoding.Unicode);
        Assert.Contains("is UTF-16 text", Outcome(_folder["file"]), StringComparison.Ordinal);
    }

    [LinuxFact]
    public void What_waits_for_ever_or_has_no_end_is_refused_in_the_place_of_a_file()
    {
        using (var make = Process.Start("mkfifo", _folder["pipe"]))
        {
            make.WaitForExit();
        }

        File.CreateSymbolicLink(_folder["zeros"], "/dev/zero");
        File.CreateSymbolicLink(_folder["nowhere"], _folder["not there"]);
        Assert.Contains("is a link to what is not there", Outcome(_folder["nowhere"]), StringComparison.Ordinal);
        foreach (var path in (string[])[_folder["pipe"], _folder["zeros"]])
        {
            Assert.Contains("can't be read: it is a pipe or a device; put a file there.", Outcome(path), StringComparison.Ordinal);
            Action[] readers = [() => SafetensorsReader.Open(path), () => JsonFile.Read(path, json => json.ValueKind), () => TextFile.Read(path), () => StoredTransform.Read(path)];
            Assert.All(readers, read => Assert.StartsWith(path, Assert.Throws<CheckpointException>(read).Message, StringComparison.Ordinal));
        }
    }

    [Fact]
    public void A_pointer_of_Git_LFS_is_called_by_its_name()
    {
        var path = _folder["file"];
        File.WriteAllText(path, "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n");
        Assert.Contains("it is a pointer of Git LFS in place of the file; fetch the file with git lfs pull.", Outcome(path), StringComparison.Ordinal);
        Action[] readers = [() => SafetensorsReader.Open(path), () => JsonFile.Read(path, json => json.ValueKind), () => TextFile.Read(path), () => StoredTransform.Read(path)];
        Assert.All(readers, read => Assert.Contains("git lfs pull", Assert.Throws<CheckpointException>(read).Message, StringComparison.Ordinal));

        File.WriteAllBytes(path, [0xFF, (byte)'{', (byte)'{']);
        Assert.Contains("is not UTF-8", Assert.Throws<CheckpointException>(() => TextFile.Read(path)).Message, StringComparison.Ordinal);
        File.WriteAllText(path, "");
        Assert.Contains("is not JSON (it is empty)", Assert.Throws<CheckpointException>(() => JsonFile.Read(path, json => json.ValueKind)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Bytes_that_are_not_UTF8_deep_nesting_and_endless_lines_are_refused_with_their_line()
    {
        File.WriteAllBytes(_folder["file"], [.. Encoding.UTF8.GetBytes(Row), (byte)'\n', .. Encoding.UTF8.GetBytes(Row.Replace("Ada.", "", StringComparison.Ordinal)).Select(b => b == 'H' ? (byte)0xFF : b)]);
        Assert.Contains("line 2, is not a chat: it is not UTF-8", Outcome(_folder["file"]), StringComparison.Ordinal);

        File.WriteAllText(_folder["file"], $"{Row}\n{{\"messages\": {new string('[', 100_000)}");
        Assert.Contains("line 2, is not a chat: it is nested deeper than 64 levels", Outcome(_folder["file"]), StringComparison.Ordinal);

        // 100 MB in a few kilobytes: refused once the row is too long, without holding the rest, from memory and from the disk.
        var endless = ChatFile.Packed("jsonl.zst", [.. Encoding.UTF8.GetBytes(Row + "\n{\"a\": \""), .. Enumerable.Repeat((byte)'x', 100_000_000)]);
        File.WriteAllBytes(_folder["file"], endless);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Contains("line 2, has more than 33554432 bytes", Outcome(_folder["file"]), StringComparison.Ordinal);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 300_000_000);
    }

    [Fact]
    public void Files_come_in_ordinal_order_and_once()
    {
        Directory.CreateDirectory(_folder["deep"]);
        foreach (var (name, text) in new[] { ("b.jsonl", "b"), ("B.jsonl", "B"), ("a.jsonl", "a"), ("deep/c.jsonl", "c"), ("notes.md", "not chats") })
        {
            File.WriteAllText(_folder[name], Row.Replace("I am Ada.", text, StringComparison.Ordinal));
        }

        string Order(params string[] paths) => string.Concat(ChatDataset.Read(paths).Examples.Select(chat => chat.Messages[0].Content));
        Assert.Equal("Bab", Order(_folder.Path));
        Assert.Equal("Bab", Order(_folder["*.jsonl"]));
        Assert.Equal("Babc", Order(_folder["**/*.jsonl"]));
        Assert.Equal("bBa", Order(_folder["b.jsonl"], _folder.Path, _folder["a.jsonl"]));
        Assert.Contains("No file matches", Assert.Throws<FileNotFoundException>(() => ChatDataset.Read(_folder["x*.jsonl"])).Message, StringComparison.Ordinal);
        Assert.Contains("There is no file or folder", Assert.Throws<FileNotFoundException>(() => ChatDataset.Read(_folder["x.jsonl"])).Message, StringComparison.Ordinal);
        Directory.CreateDirectory(_folder["empty"]);
        Assert.Contains("holds no file of chats", Assert.Throws<FileNotFoundException>(() => ChatDataset.Read(_folder["empty"])).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => ChatDataset.Read((string[])[]));
    }

    [Fact]
    public void Columns_that_another_library_wrote_are_read_with_all_that_is_nested_in_them()
    {
        var chats = ChatDataset.Read(TestData.Path("chats", "arrow.parquet"));
        Assert.Equal(3, chats.Examples.Count);
        Assert.Equal(["user:hi", "assistant:"], chats.Examples[0].Messages.Select(message => $"{message.Role}:{message.Content}"));
        Assert.Equal("""["f","g"]""", $"[{string.Join(',', chats.Examples[0].Messages[1].ToolCalls!.Select(call => call.Json.GetProperty("name").GetRawText()))}]");
        Assert.Equal("yo", chats.Examples[2].Messages[0].Content);
        Assert.Equal("Ada", chats.Examples[2].Facts["first"]);
        Assert.Equal("""[{"type":"function","n":[[1,2],[]]}]""", $"[{chats.Examples[0].Tools!.Single().GetRawText()}]");
        Assert.Null(chats.Examples[1].Tools);
        Assert.Equal(["Fields of the data that nothing reads, with their rows: b (3), id (3)."], chats.Notes);
    }

    /// <summary>The sentence about a file, one and the same from memory and from the disk; null if it can be read.</summary>
    private string? Outcome(string path)
    {
        try
        {
            Assert.NotEmpty(ChatDataset.Read(path).Examples);
        }
        catch (ChatDataException exception)
        {
            Assert.StartsWith(path, exception.Message, StringComparison.Ordinal);
            Assert.DoesNotContain('\n', exception.Message);
            Assert.Equal(exception.Message, Assert.Throws<ChatDataException>(() => ChatFiles.Open([path], _folder["cache"])).Message);
            return exception.Message;
        }

        using var files = ChatFiles.Open([path], _folder["cache"]);
        Assert.NotEmpty(files.Read(0).Messages);
        return null;
    }
}
