using System.Buffers.Binary;
using System.Text;

namespace Jigsaw.Native;

/// <summary>The versions of other libraries that an ELF shared library requires (System V ABI, "Symbol Versioning": Verneed and Vernaux).</summary>
internal static class ElfVersionNeeds
{
    private const int FileHeaderSize = 64;
    private const int ProgramHeaderSize = 56;
    private const int DynamicEntrySize = 16;
    private const int NeedSize = 16;
    private const int AuxiliarySize = 16;

    private const uint Load = 1;
    private const uint Dynamic = 2;
    private const ulong StringTable = 5;
    private const ulong StringTableSize = 10;
    private const ulong VersionNeed = 0x6ffffffe;
    private const ulong VersionNeedCount = 0x6fffffff;
    private const ushort WeakFlag = 2;

    /// <summary>A copy of the library that no longer requires one version: the dynamic loader skips a missing weak one.</summary>
    /// <param name="elf">The whole file.</param>
    /// <param name="library">The required library, by soname.</param>
    /// <param name="version">The required version.</param>
    /// <returns>The copy, which differs in one bit; null if the file does not require that version.</returns>
    /// <exception cref="InvalidDataException">The bytes are not a complete little-endian 64-bit ELF library.</exception>
    public static byte[]? Weaken(ReadOnlySpan<byte> elf, string library, string version)
    {
        if (FindFlags(elf, library, version) is not { } offset)
        {
            return null;
        }

        var flags = Half(elf, offset);
        if ((flags & WeakFlag) != 0)
        {
            return null;
        }

        var copy = elf.ToArray();
        BinaryPrimitives.WriteUInt16LittleEndian(copy.AsSpan((int)offset), (ushort)(flags | WeakFlag));
        return copy;
    }

    private static ulong? FindFlags(ReadOnlySpan<byte> elf, string library, string version)
    {
        if (elf.Length < FileHeaderSize || !elf.StartsWith("\u007fELF"u8))
        {
            throw new InvalidDataException("it is not an ELF file");
        }

        if (elf[4] != 2 || elf[5] != 1)
        {
            throw new InvalidDataException("it is not a little-endian 64-bit ELF file");
        }

        var segments = ProgramHeaders(elf);
        var (strings, stringsSize, needs, needCount) = DynamicEntries(elf, segments);
        if (needCount == 0)
        {
            return null;
        }

        var names = Slice(elf, FileOffset(segments, strings), stringsSize);
        var need = FileOffset(segments, needs);
        for (var i = 0UL; i < needCount; i++)
        {
            Slice(elf, need, NeedSize);
            if (NameIs(names, Word(elf, need + 4), library) && FindAuxiliary(elf, names, need, version) is { } flags)
            {
                return flags;
            }

            var next = Word(elf, need + 12);
            if (next == 0)
            {
                break;
            }

            need += next;
        }

        return null;
    }

    private static ulong? FindAuxiliary(ReadOnlySpan<byte> elf, ReadOnlySpan<byte> names, ulong need, string version)
    {
        var auxiliary = need + Word(elf, need + 8);
        var count = Half(elf, need + 2);
        for (var i = 0; i < count; i++)
        {
            Slice(elf, auxiliary, AuxiliarySize);
            if (NameIs(names, Word(elf, auxiliary + 8), version))
            {
                return auxiliary + 4;
            }

            var next = Word(elf, auxiliary + 12);
            if (next == 0)
            {
                break;
            }

            auxiliary += next;
        }

        return null;
    }

    private static List<(uint Type, ulong Offset, ulong Address, ulong Size)> ProgramHeaders(ReadOnlySpan<byte> elf)
    {
        var table = Long(elf, 32);
        var size = Half(elf, 54);
        var count = Half(elf, 56);
        if (size < ProgramHeaderSize)
        {
            throw new InvalidDataException("its program headers are too short");
        }

        var segments = new List<(uint Type, ulong Offset, ulong Address, ulong Size)>(count);
        for (var i = 0; i < count; i++)
        {
            var at = Slice(elf, table + ((ulong)i * size), ProgramHeaderSize);
            segments.Add((Word(at, 0), Long(at, 8), Long(at, 16), Long(at, 32)));
        }

        return segments;
    }

    private static (ulong Strings, ulong StringsSize, ulong Needs, ulong NeedCount) DynamicEntries(
        ReadOnlySpan<byte> elf, List<(uint Type, ulong Offset, ulong Address, ulong Size)> segments)
    {
        var index = segments.FindIndex(segment => segment.Type == Dynamic);
        if (index < 0)
        {
            throw new InvalidDataException("it has no dynamic segment");
        }

        (ulong Strings, ulong StringsSize, ulong Needs, ulong NeedCount) found = default;
        var table = Slice(elf, segments[index].Offset, segments[index].Size);
        for (var at = 0; at + DynamicEntrySize <= table.Length; at += DynamicEntrySize)
        {
            var value = Long(table, (ulong)at + 8);
            switch (Long(table, (ulong)at))
            {
                case 0:
                    return found;
                case StringTable:
                    found.Strings = value;
                    break;
                case StringTableSize:
                    found.StringsSize = value;
                    break;
                case VersionNeed:
                    found.Needs = value;
                    break;
                case VersionNeedCount:
                    found.NeedCount = value;
                    break;
            }
        }

        return found;
    }

    private static ulong FileOffset(List<(uint Type, ulong Offset, ulong Address, ulong Size)> segments, ulong address)
    {
        foreach (var segment in segments)
        {
            if (segment.Type == Load && address >= segment.Address && address - segment.Address < segment.Size)
            {
                return segment.Offset + (address - segment.Address);
            }
        }

        throw new InvalidDataException("an address of its dynamic segment is in no loaded segment");
    }

    private static bool NameIs(ReadOnlySpan<byte> names, uint offset, string name)
    {
        if (offset >= names.Length)
        {
            throw new InvalidDataException("a name lies outside its string table");
        }

        var text = names[(int)offset..];
        var end = text.IndexOf((byte)0);
        return end >= 0
            ? text[..end].SequenceEqual(Encoding.UTF8.GetBytes(name))
            : throw new InvalidDataException("a name runs past its string table");
    }

    private static ushort Half(ReadOnlySpan<byte> bytes, ulong offset) => BinaryPrimitives.ReadUInt16LittleEndian(Slice(bytes, offset, 2));

    private static uint Word(ReadOnlySpan<byte> bytes, ulong offset) => BinaryPrimitives.ReadUInt32LittleEndian(Slice(bytes, offset, 4));

    private static ulong Long(ReadOnlySpan<byte> bytes, ulong offset) => BinaryPrimitives.ReadUInt64LittleEndian(Slice(bytes, offset, 8));

    private static ReadOnlySpan<byte> Slice(ReadOnlySpan<byte> bytes, ulong offset, ulong size) =>
        offset <= (ulong)bytes.Length && size <= (ulong)bytes.Length - offset
            ? bytes.Slice((int)offset, (int)size)
            : throw new InvalidDataException("it is truncated");
}
