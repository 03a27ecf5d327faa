using System.Globalization;
using System.Text.Json;
using CsCheck;
using Jigsaw.Batches;
using Jigsaw.Data;
using Jigsaw.Tokenization;

namespace Jigsaw.Runtime.Tests.ChatData;

public sealed class ChatFilesTests : IDisposable
{
    private static readonly Tokenizer _plain = Tokenizer.Load(TestData.Path("models", "tokenizers", "support-lm"));
    private static readonly NoiseTokenizer _tokenizer = new(_plain) { NoiseRoles = ["user"] };

    private static readonly int[] _steps = [3, 0, 11, 1, 2];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Batches_of_files_are_those_of_memory_whatever_is_asked_first() =>
        Gen.Select(Gen.Int[1, 45], Gen.Int[1, 7], Gen.Long[0, 1000], Gen.Int[2, 40], Gen.Bool, Gen.Bool).Sample(
            (rows, batchSize, seed, most, limited, ofTokens) =>
            {
                using var folder = new TemporaryFolder();
                var half = rows / 2;
                var chats = Enumerable.Range(0, rows).Select(row => Chat(row, silent: row % 5 == 3)).ToArray();
                string[] paths = half == 0 ? [ChatFile.Write(folder, "jsonl", chats)] : [ChatFile.Write(folder, "json.gz", chats[..half]), ChatFile.Write(folder, "jsonl", chats[half..])];
                int? maxLength = limited ? most : null;
                using var files = ChatFiles.Open(paths, folder["cache"]);
                ChatBatches memory;
                try
                {
                    memory = ofTokens ? ChatBatches.OfTokens(ChatDataset.Read(paths), _tokenizer, 20 * batchSize, seed, maxLength) : new ChatBatches(ChatDataset.Read(paths), _tokenizer, batchSize, seed, maxLength);
                }
                catch (ChatDataException exception) when (exception.Message.Contains("no chat of which a token counts", StringComparison.Ordinal))
                {
                    using var none = ofTokens ? ChatFileBatches.OfTokens(files, _tokenizer, 20 * batchSize, seed, maxLength) : new ChatFileBatches(files, _tokenizer, batchSize, seed, maxLength);
                    Assert.Throws<ChatDataException>(() => none.At(0));
                    return;
                }

                using var batches = ofTokens ? ChatFileBatches.OfTokens(files, _tokenizer, 20 * batchSize, seed, maxLength) : new ChatFileBatches(files, _tokenizer, batchSize, seed, maxLength);
                foreach (var step in _steps)
                {
                    using var expected = memory.At(step);
                    using var actual = batches.At(step);
                    AssertEqual(expected, actual);
                    Assert.Equal(memory.RowsAt(step).Select(row => files.PlaceOf(int.Parse(row, CultureInfo.InvariantCulture))), batches.RowsAt(step));
                }
            },
            iter: 16,
            threads: 1);

    [Fact]
    public void A_file_is_read_row_by_row_and_each_row_once_for_all_runs()
    {
        const int Rows = 600;
        var path = _folder["large.jsonl"];
        File.WriteAllLines(path, Enumerable.Range(0, Rows).Select(row => Chat(row)));
        using (var files = ChatFiles.Open([path], _folder["cache"]))
        using (var batches = new ChatFileBatches(files, _tokenizer, 2, 0))
        {
            Assert.Equal((Rows, 0L), (files.Count, files.RowsRead));
            using var batch = batches.At(0);
            Assert.Equal(2, batch.BatchSize);
            WaitForTokens(batches);

            // The row that both threads were at may be read by both.
            Assert.InRange(files.RowsRead, Rows, Rows + 40);
            Assert.True(File.Exists(Assert.Single(Directory.GetFiles(_folder["cache"], "tokens-*"))));
        }

        using (var files = ChatFiles.Open([path], _folder["cache"]))
        using (var batches = new ChatFileBatches(files, _tokenizer, 4, 7))
        {
            Assert.True(batches.IsComplete);
            using var batch = batches.At(5);
            Assert.Equal(0L, files.RowsRead);
        }
    }

    [Fact]
    public void Long_files_hold_no_more_memory_than_their_longest_rows()
    {
        // 24 MB of text; what stays after the index is made is far less, and so is what a pass over it allocates at once.
        var path = _folder["large.jsonl"];
        using (var writer = File.CreateText(path))
        {
            var filler = new string('x', 11_900);
            for (var row = 0; row < 2000; row++)
            {
                writer.Write(JsonSerializer.Serialize(new { prompt = $"{row} {filler}", completion = "Yes." }));
                writer.Write('\n');
            }
        }

        var before = GC.GetTotalMemory(forceFullCollection: true);
        using var files = ChatFiles.Open([path], _folder["cache"]);
        Assert.Equal("1999 ", files.Read(1999).Messages[0].Content![..5]);
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, long.MinValue, 2 << 20);
        GC.KeepAlive(files);
    }

    [Fact]
    public void A_cache_that_was_not_finished_is_gone_on_with()
    {
        var path = _folder["chats.jsonl"];
        File.WriteAllLines(path, Enumerable.Range(0, 40).Select(row => Chat(row)));
        var expected = Complete(path);
        var cache = Assert.Single(Directory.GetFiles(_folder["cache"], "tokens-*.bin"));
        var bytes = File.ReadAllBytes(cache);
        File.Delete(cache);
        File.WriteAllBytes(Path.ChangeExtension(cache, ".part"), bytes[..(bytes.Length / 2)]);

        using var files = ChatFiles.Open([path], _folder["cache"]);
        using var batches = new ChatFileBatches(files, _tokenizer, 3, 1);
        Assert.Contains("was damaged from byte", Assert.Single(batches.Notes), StringComparison.Ordinal);
        Assert.InRange(batches.TokenizedRows, 15, 25);
        using var batch = batches.At(2);
        WaitForTokens(batches);
        Assert.Equal(expected, Hash(batches));
    }

    [Fact]
    public void A_damaged_cache_gives_the_same_batches_and_says_so()
    {
        var path = _folder["chats.jsonl"];
        File.WriteAllLines(path, Enumerable.Range(0, 30).Select(row => Chat(row)));
        var gz = ChatFile.Write(_folder, "jsonl.gz", Enumerable.Range(0, 30).Select(row => Chat(row)));
        var expected = Complete(gz);
        var files = Directory.GetFiles(_folder["cache"]).Order(StringComparer.Ordinal).ToArray();
        Assert.Equal(3, files.Length);
        Gen.Select(Gen.Int[0, 2], Gen.Double[0, 1], Gen.Bool).Sample(
            (which, share, cut) =>
            {
                var bytes = File.ReadAllBytes(files[which]);
                var at = Math.Min((int)(share * bytes.Length), bytes.Length - 1);
                var damaged = cut ? bytes[..at] : [.. bytes[..at], (byte)(bytes[at] ^ 64), .. bytes[(at + 1)..]];
                File.WriteAllBytes(files[which], damaged);
                using (var opened = ChatFiles.Open([gz], _folder["cache"]))
                using (var batches = new ChatFileBatches(opened, _tokenizer, 3, 1))
                {
                    Assert.Equal(expected, Hash(batches));
                    Assert.Contains(opened.Notes.Concat(batches.Notes), note => note.Contains("damaged", StringComparison.Ordinal));
                }

                File.WriteAllBytes(files[which], bytes);
                foreach (var part in Directory.GetFiles(_folder["cache"]).Except(files))
                {
                    File.Delete(part);
                }
            },
            iter: 18,
            threads: 1);
    }

    [Fact]
    public void Other_content_another_tokenizer_and_other_roles_have_other_caches()
    {
        var path = _folder["chats.jsonl"];
        File.WriteAllLines(path, [Chat(0), Chat(1)]);
        var seen = new HashSet<string>();
        void Add(NoiseTokenizer tokenizer, int batchSize = 2)
        {
            using var files = ChatFiles.Open([path], _folder["cache"]);
            using var batches = new ChatFileBatches(files, tokenizer, batchSize, 0);
            Assert.True(seen.Add(batches.Fingerprint));
        }

        Add(_tokenizer);
        Add(new NoiseTokenizer(_plain));
        Add(new NoiseTokenizer(_plain.WithChatTemplate(ChatTemplate.Parse("t", _plain.ChatTemplate!.Source + "\n"))) { NoiseRoles = ["user"] });
        Add(new NoiseTokenizer(Tokenizer.Load(TestData.Path("models", "tokenizers", "byte-level-chatml"))) { NoiseRoles = ["user"] });
        Add(_tokenizer, batchSize: 1);
        File.WriteAllLines(path, [Chat(0), Chat(2)]);
        Add(_tokenizer);
    }

    [Fact]
    public void A_second_run_beside_the_first_tokenizes_for_itself()
    {
        var path = _folder["chats.jsonl"];
        File.WriteAllLines(path, Enumerable.Range(0, 30).Select(row => Chat(row)));
        using var files = ChatFiles.Open([path], _folder["cache"]);
        using var first = new ChatFileBatches(files, _tokenizer, 3, 1);
        using (var second = new ChatFileBatches(files, _tokenizer, 3, 1))
        {
            Assert.Equal(Hash(first), Hash(second));
        }

        WaitForTokens(first);
        Assert.Single(Directory.GetFiles(_folder["cache"], "tokens-*"));
    }

    [Fact]
    public void A_row_that_can_not_be_tokenized_ends_the_run_with_its_line()
    {
        var path = _folder["chats.jsonl"];
        File.WriteAllLines(path, [.. Enumerable.Range(0, 50).Select(row => Chat(row)), """{"messages": [{"role": "assistant", "content": "Yes."}]}"""]);
        using var files = ChatFiles.Open([path], _folder["cache"]);
        using var batches = new ChatFileBatches(files, _tokenizer, 2, 0);
        var exception = Assert.Throws<ChatDataException>(() => Hash(batches));
        Assert.StartsWith($"{path}, line 51, can't be tokenized: No token of the conversation is transformed", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_changed_during_a_run_is_noticed()
    {
        var path = _folder["chats.jsonl"];
        File.WriteAllLines(path, [Chat(0), Chat(1)]);
        using var files = ChatFiles.Open([path], _folder["cache"]);
        using (var writer = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            writer.Position = 20;
            writer.Write("user"u8);
        }

        Assert.EndsWith("line 1, was changed since it was indexed; start the run again.", Assert.Throws<ChatDataException>(() => files.Read(0)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_cut_and_left_out_is_counted_and_said()
    {
        var path = _folder["chats.jsonl"];
        File.WriteAllLines(path, [Chat(0), Chat(0), Chat(2, silent: true), JsonSerializer.Serialize(new { prompt = string.Concat(Enumerable.Repeat("a b ", 40)), completion = "Yes." })]);
        var most = ChatDataset.Read(path).Examples[0].Tokenize(_tokenizer).Ids.Count - 3;
        var batches = new ChatBatches(ChatDataset.Read(path), _tokenizer, 4, 0, maxLength: most);
        Assert.Equal((2, 2), (batches.CutChats, batches.LeftOutChats));
        Assert.Equal(2, batches.Notes.Count);
        Assert.Matches($@"^2 of 4 chats are longer than {most} tokens and cut at their end: 6 of \d+ tokens\.$", batches.Notes[0]);
        Assert.Equal($"2 of 4 chats have no token that counts in the loss among their first {most} and are left out; the first: {path}, line 3.", batches.Notes[1]);
        using var batch = batches.At(0);
        Assert.Equal((2, most), (batch.BatchSize, batch.SequenceLength));

        using var files = ChatFiles.Open([path], _folder["cache"]);
        using var others = new ChatFileBatches(files, _tokenizer, 4, 0, maxLength: most);
        using var other = others.At(0);
        AssertEqual(batch, other);
        Assert.Equal(batches.Notes, others.Notes);
        Assert.Contains("use at least 2", Assert.Throws<ArgumentOutOfRangeException>(() => new ChatBatches(ChatDataset.Read(path), _tokenizer, 4, 0, maxLength: 1)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Data_of_which_nothing_counts_are_refused()
    {
        var path = _folder["chats.jsonl"];
        File.WriteAllLines(path, [Chat(0, silent: true), Chat(1, silent: true)]);
        Assert.Contains("no chat of which a token counts", Assert.Throws<ChatDataException>(() => new ChatBatches(ChatDataset.Read(path), _tokenizer, 2, 0)).Message, StringComparison.Ordinal);
    }

    private static string Chat(int row, bool silent = false) => JsonSerializer.Serialize(new
    {
        messages = silent
            ? new[] { new { role = "user", content = $"I am Ada, order {row}." } }
            : [new { role = "user", content = $"I am Ada, order {row}." + new string('!', row * 7 % 11) }, new { role = "assistant", content = $"Hello, {row * 31}." }],
        slots = new { first = "Ada" },
    });

    private string Complete(string path)
    {
        using var files = ChatFiles.Open([path], _folder["cache"]);
        using var batches = new ChatFileBatches(files, _tokenizer, 3, 1);
        var hash = Hash(batches);
        WaitForTokens(batches);
        return hash;
    }

    private static string Hash(ChatFileBatches batches)
    {
        var ids = new List<long>();
        for (var step = 0; step < 14; step++)
        {
            using var batch = batches.At(step);
            ids.AddRange(batch.HostIds.ToArray());
            ids.Add(batch.PrivateMask!.Count ?? -1);
        }

        return string.Join(' ', ids);
    }

    private static void WaitForTokens(ChatFileBatches batches) => Assert.True(SpinWait.SpinUntil(() => batches.IsComplete, TimeSpan.FromSeconds(30)));

    private static void AssertEqual(TokenBatch expected, TokenBatch actual)
    {
        Assert.Equal(expected.HostIds.ToArray(), actual.HostIds.ToArray());
        Assert.Equal(expected.LossMask.Host.ToArray(), actual.LossMask.Host.ToArray());
        Assert.Equal(expected.NoiseMask.Host.ToArray(), actual.NoiseMask.Host.ToArray());
        Assert.Equal(expected.AttentionMask.Host.ToArray(), actual.AttentionMask.Host.ToArray());
        Assert.Equal(expected.InReplyMask!.Host.ToArray(), actual.InReplyMask!.Host.ToArray());
        Assert.Equal(expected.PrivateMask!.Host.ToArray(), actual.PrivateMask!.Host.ToArray());
    }
}
