using System.Globalization;
using System.Text;
using Jigsaw.Checkpoints;
using static TorchSharp.torch;

namespace Jigsaw.Runtime.Tests.Checkpoints;

/// <summary>Damages good files at random and asks that each is read whole or refused with a sentence. More with JIGSAW_FUZZ_MUTATIONS=100000.</summary>
public sealed class SafetensorsFuzzTests
{
    private const string CountVariable = "JIGSAW_FUZZ_MUTATIONS";
    private const int DefaultCount = 5_000;

    private static readonly string[] _fragments =
        ["{", "}", "[", "]", ",", ":", "\"", "0", "9", "-", "1e9", "18446744073709551615", "9223372036854775807", "null", "true", "\\u0000", "\"dtype\"", "\"shape\"", "\"data_offsets\"", "\"F64\"", "\"BF16\"", "__metadata__", "a", " "];

    [Fact]
    public void A_damaged_file_is_read_or_refused_but_never_does_harm()
    {
        var count = int.TryParse(Environment.GetEnvironmentVariable(CountVariable), CultureInfo.InvariantCulture, out var asked) ? asked : DefaultCount;
        using var folder = new TemporaryFolder();
        var seeds = Seeds(folder);
        var random = new Random(20240501);
        var (read, refused) = (0, 0);
        var before = GC.GetTotalAllocatedBytes();
        for (var i = 0; i < count; i++)
        {
            var bytes = Mutated(seeds[random.Next(seeds.Length)], random);
            try
            {
                ReadAll(bytes, folder, throughTorch: i % 50 == 0);
                read++;
            }
            catch (CheckpointException)
            {
                refused++;
            }
        }

        Assert.Equal(count, read + refused);
        Assert.True(refused > count / 2, $"Only {refused} of {count} were refused: the mutations don't bite.");
        Assert.InRange((GC.GetTotalAllocatedBytes() - before) / count, 0, 200_000);
    }

    private static byte[][] Seeds(TemporaryFolder folder)
    {
        using var scope = NewDisposeScope();
        SafetensorsWriter.Write(folder["a"], [KeyValuePair.Create("a", arange(6).reshape(2, 3)), KeyValuePair.Create("b", zeros(5, dtype: ScalarType.BFloat16))], SafetensorsWriter.TorchMetadata);
        SafetensorsWriter.Write(folder["b"], [KeyValuePair.Create("w", zeros(0, 4)), KeyValuePair.Create("x", tensor(1.5)), KeyValuePair.Create("y", zeros(3, dtype: ScalarType.Bool))]);
        var header = File.ReadAllBytes(TestData.Path("models", "lora", "qv-r4", "adapter_model.safetensors"));
        return [File.ReadAllBytes(folder["a"]), File.ReadAllBytes(folder["b"]), header, SafetensorsBytes.Of("{}")];
    }

    private static void ReadAll(byte[] bytes, TemporaryFolder folder, bool throughTorch)
    {
        if (!throughTorch)
        {
            using var stream = new MemoryStream(bytes);
            var header = SafetensorsHeader.Read("fuzz", stream);
            Assert.All(header.Entries.Values, entry => Assert.InRange(entry.Offset + entry.ByteCount, 8, bytes.Length));
            return;
        }

        File.WriteAllBytes(folder["fuzz"], bytes);
        using var file = SafetensorsFile.Open(folder["fuzz"]);
        foreach (var entry in file.Entries.Values)
        {
            using var tensor = file.Read(entry.Name);
            Assert.Equal(entry.ElementCount, tensor.numel());
        }
    }

    private static byte[] Mutated(byte[] seed, Random random)
    {
        var bytes = seed.ToList();
        for (var edits = random.Next(1, 4); edits > 0; edits--)
        {
            // Most of the harm is in the first bytes and the header.
            var at = random.Next(random.Next(4) == 0 ? bytes.Count + 1 : Math.Min(bytes.Count + 1, 400));
            switch (random.Next(7))
            {
                case 0 when at < bytes.Count:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1 when at < bytes.Count:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 2:
                    bytes.InsertRange(at, Encoding.ASCII.GetBytes(_fragments[random.Next(_fragments.Length)]));
                    break;
                case 3 when at < bytes.Count:
                    bytes.RemoveRange(at, Math.Min(random.Next(1, 20), bytes.Count - at));
                    break;
                case 4:
                    bytes.RemoveRange(at, bytes.Count - at);
                    break;
                case 5 when at < bytes.Count:
                    bytes.InsertRange(at, bytes.GetRange(at, Math.Min(random.Next(1, 60), bytes.Count - at)));
                    break;
                default:
                    ReplaceNumber(bytes, at, random);
                    break;
            }
        }

        if (bytes.Count >= 8 && random.Next(2) == 0)
        {
            RepairLength(bytes);
        }

        return [.. bytes];
    }

    /// <summary>Puts another number for a digit run of the header: offsets and shapes that look right.</summary>
    private static void ReplaceNumber(List<byte> bytes, int at, Random random)
    {
        var start = bytes.FindIndex(Math.Min(Math.Max(at, 8), bytes.Count), value => value is >= (byte)'0' and <= (byte)'9');
        if (start < 0)
        {
            return;
        }

        var end = start;
        while (end < bytes.Count && bytes[end] is >= (byte)'0' and <= (byte)'9')
        {
            end++;
        }

        bytes.RemoveRange(start, end - start);
        var number = random.Next(4) switch { 0 => random.NextInt64(), 1 => long.MaxValue - random.Next(100), 2 => random.Next(64), _ => 1L << random.Next(63) };
        bytes.InsertRange(start, Encoding.ASCII.GetBytes(number.ToString(CultureInfo.InvariantCulture)));
    }

    /// <summary>Makes the length fit the header again, so that damage inside it is reached.</summary>
    private static void RepairLength(List<byte> bytes)
    {
        var end = bytes.LastIndexOf((byte)'}');
        while (end >= 0 && end + 1 < bytes.Count && bytes[end + 1] == ' ')
        {
            end++;
        }

        var length = BitConverter.GetBytes((ulong)Math.Max(0, end + 1 - 8));
        for (var i = 0; i < 8; i++)
        {
            bytes[i] = length[i];
        }
    }
}
