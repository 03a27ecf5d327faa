using System.Buffers.Binary;
using System.Text;

namespace Jigsaw.Runtime.Tests.Native;

/// <summary>The parts of a shared library that list the versions it needs, written by hand; it can't be loaded.</summary>
internal static class SmallElf
{
    public const int DynamicAt = 64 + (2 * 56);
    private const int NeedsAt = DynamicAt + (5 * 16);
    private const ulong Address = 0x10000;

    /// <summary>A library that asks each named library for the versions listed, in that order.</summary>
    public static byte[] Needing(params (string Library, string[] Versions)[] needs)
    {
        var stringsAt = NeedsAt + needs.Sum(need => 16 + (16 * need.Versions.Length));
        var strings = new List<byte> { 0 };
        uint Name(string text)
        {
            var at = (uint)strings.Count;
            strings.AddRange(Encoding.UTF8.GetBytes(text + "\0"));
            return at;
        }

        var elf = new byte[stringsAt];
        var at = NeedsAt;
        foreach (var (library, versions) in needs)
        {
            Half(elf, at, 1);
            Half(elf, at + 2, (ushort)versions.Length);
            Word(elf, at + 4, Name(library));
            Word(elf, at + 8, 16);
            Word(elf, at + 12, at + 16 + (16 * versions.Length) == stringsAt ? 0u : (uint)(16 + (16 * versions.Length)));
            at += 16;
            for (var i = 0; i < versions.Length; i++, at += 16)
            {
                Half(elf, at + 6, (ushort)(i + 2));
                Word(elf, at + 8, Name(versions[i]));
                Word(elf, at + 12, i + 1 == versions.Length ? 0u : 16u);
            }
        }

        elf = [.. elf, .. strings];
        "\u007fELF"u8.CopyTo(elf);
        elf[4] = 2;
        elf[5] = 1;
        Long(elf, 32, 64);
        Half(elf, 54, 56);
        Half(elf, 56, 2);
        Segment(elf, 64, 1, 0, elf.Length);
        Segment(elf, 64 + 56, 2, DynamicAt, 5 * 16);
        ReadOnlySpan<(ulong Tag, ulong Value)> entries =
        [
            (5, Address + (ulong)stringsAt), (10, (ulong)strings.Count), (0x6ffffffe, Address + NeedsAt), (0x6fffffff, (ulong)needs.Length), (0, 0),
        ];
        for (var i = 0; i < entries.Length; i++)
        {
            Long(elf, DynamicAt + (16 * i), entries[i].Tag);
            Long(elf, DynamicAt + (16 * i) + 8, entries[i].Value);
        }

        return elf;
    }

    private static void Segment(byte[] elf, int at, uint type, int offset, int size)
    {
        Word(elf, at, type);
        Long(elf, at + 8, (ulong)offset);
        Long(elf, at + 16, Address + (ulong)offset);
        Long(elf, at + 32, (ulong)size);
    }

    private static void Half(byte[] elf, int at, ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(elf.AsSpan(at), value);

    private static void Word(byte[] elf, int at, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(elf.AsSpan(at), value);

    private static void Long(byte[] elf, int at, ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(elf.AsSpan(at), value);
}
