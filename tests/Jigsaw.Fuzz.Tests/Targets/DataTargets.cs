using System.Text;
using Jigsaw.Data;
using Jigsaw.Fuzz.Tests.Mutations;
using Jigsaw.Runtime.Tests;
using Jigsaw.Runtime.Tests.ChatData;

namespace Jigsaw.Fuzz.Tests.Targets;

/// <summary>Files of chats, by how they are packed, and the teacher's cache of them.</summary>
internal static class DataTargets
{
    private const string Chats = "chats.jsonl";
    private const string Hidden = "teacher.bin";
    private const int Rows = 6;

    private static readonly string[] _rows = [.. File.ReadLines(GoodFiles.Data("support-lm", "data", "eval.jsonl")).Take(Rows)];

    /// <summary>The kinds.</summary>
    public static IEnumerable<FuzzTarget> All()
    {
        yield return new("chats", folder => File.WriteAllLines(Path.Combine(folder, Chats), _rows), Chats, new JsonMutator([], lines: true), GoodFiles.ReadChats);
        yield return new("gzip", Packed("jsonl.gz"), Chats, new ByteMutator(atEnd: true), ReadSame) { LeastRefused = 0.3 };
        yield return new("zstd", Packed("jsonl.zst"), Chats, new ByteMutator(atEnd: true), ReadSame) { LeastRefused = 0.3 };
        yield return new("parquet", WriteColumns, Chats, new PageMutator(), GoodFiles.ReadChats) { LeastRefused = 0.3 };
        yield return new("parquet-nested", folder => File.Copy(GoodFiles.Data("chats", "arrow.parquet"), Path.Combine(folder, Chats)), Chats, new PageMutator(), folder => ChatDataset.Read(Path.Combine(folder, Chats))) { LeastRefused = 0.3 };
        yield return new("teacher-cache", SaveHidden, Hidden, new ByteMutator(), ReadHidden) { LeastRefused = 0.01 };
    }

    /// <summary>Two members or frames, so that damage of the second one could pass for the end.</summary>
    private static Action<string> Packed(string kind) => folder =>
    {
        byte[] Part(IEnumerable<string> rows) => ChatFile.Packed(kind, Encoding.UTF8.GetBytes(string.Concat(rows.Select(row => row + "\n"))));
        File.WriteAllBytes(Path.Combine(folder, Chats), [.. Part(_rows[..(Rows / 2)]), .. Part(_rows[(Rows / 2)..])]);
    };

    /// <summary>Both formats carry checksums: what is read must be what was packed, or, cut off between the two parts, the first.</summary>
    private static void ReadSame(string folder)
    {
        var read = ChatDataset.Read(Path.Combine(folder, Chats)).Examples.Select(Text).ToArray();
        if (!_texts.Value.AsSpan(0, Rows / 2).SequenceEqual(read) && !_texts.Value.AsSpan().SequenceEqual(read))
        {
            throw new InvalidDataException($"{read.Length} chats are read, and are not those that were packed.");
        }
    }

    private static readonly Lazy<string[]> _texts = new(() =>
    {
        using var folder = new TemporaryFolder();
        File.WriteAllLines(folder[Chats], _rows);
        return [.. ChatDataset.Read(folder[Chats]).Examples.Select(Text)];
    });

    private static string Text(ChatExample chat) => string.Join('\n', chat.Messages.Select(message => $"{message.Role}: {message.Content}").Concat(chat.Facts.Select(fact => $"{fact.Key}: {fact.Value}")));

    private static void WriteColumns(string folder)
    {
        using var other = new TemporaryFolder();
        File.Copy(ChatFile.WriteParquet(other, "messages", _rows).GetAwaiter().GetResult(), Path.Combine(folder, Chats));
    }

    private static void SaveHidden(string folder)
    {
        var cache = Path.Combine(folder, "cache");
        var expected = GoodFiles.Loss(cache);
        var made = Directory.GetFiles(cache, "*.bin").Single();
        File.Copy(made, Path.Combine(folder, Hidden));
        File.WriteAllText(Path.Combine(folder, "name"), Path.GetFileName(made));
        File.WriteAllBytes(Path.Combine(folder, "loss"), BitConverter.GetBytes(expected));
    }

    /// <summary>What is damaged is computed again: the loss is the same bit for bit.</summary>
    private static void ReadHidden(string folder)
    {
        var cache = Path.Combine(folder, "cache");
        Directory.Delete(cache, recursive: true);
        Directory.CreateDirectory(cache);
        File.Copy(Path.Combine(folder, Hidden), Path.Combine(cache, File.ReadAllText(Path.Combine(folder, "name"))));
        var loss = GoodFiles.Loss(cache);
        if (loss != BitConverter.ToSingle(File.ReadAllBytes(Path.Combine(folder, "loss"))))
        {
            throw new InvalidDataException($"The loss is {loss}, and without damage another, and nothing said so.");
        }
    }
}
