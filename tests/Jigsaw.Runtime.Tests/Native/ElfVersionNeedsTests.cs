using System.Runtime.Versioning;
using CsCheck;
using Jigsaw.Native;

namespace Jigsaw.Runtime.Tests.Native;

public sealed class ElfVersionNeedsTests
{
    private const string Library = "libstdc++.so.6";
    private const string Version = "GLIBCXX_3.4.32";

    private static byte[] Elf { get; } = SmallElf.Needing(
        ("libc.so.6", ["GLIBC_2.34", Version]),
        (Library, ["GLIBCXX_3.4.30", Version, "GLIBCXX_3.4"]),
        ("libm.so.6", ["GLIBC_2.2.5"]));

    [Fact]
    public void The_copy_differs_in_the_weak_flag_of_that_library_and_version_alone()
    {
        var copy = ElfVersionNeeds.Weaken(Elf, Library, Version);

        Assert.NotNull(copy);
        var changed = Enumerable.Range(0, Elf.Length).Where(i => copy[i] != Elf[i]).ToArray();
        var expected = SmallElf.DynamicAt + (5 * 16) + 48 + 16 + 16 + 4;
        Assert.Equal([expected], changed);
        Assert.Equal(2, copy[expected]);
    }

    [Fact]
    public void A_library_that_does_not_ask_for_the_version_needs_no_copy()
    {
        Assert.Null(ElfVersionNeeds.Weaken(Elf, Library, "GLIBCXX_3.4.33"));
        Assert.Null(ElfVersionNeeds.Weaken(Elf, "libgcc_s.so.1", Version));
        Assert.Null(ElfVersionNeeds.Weaken(SmallElf.Needing(), Library, Version));
    }

    [Fact]
    public void A_version_that_is_weak_already_needs_no_copy()
    {
        var copy = ElfVersionNeeds.Weaken(Elf, Library, Version);

        Assert.NotNull(copy);
        Assert.Null(ElfVersionNeeds.Weaken(copy, Library, Version));
    }

    [Fact]
    public void A_library_truncated_anywhere_is_called_damaged()
    {
        for (var length = 0; length < Elf.Length; length++)
        {
            Assert.Throws<InvalidDataException>(() => ElfVersionNeeds.Weaken(Elf.AsSpan(0, length), Library, Version));
        }
    }

    [Fact]
    public void A_library_with_hostile_bytes_is_called_damaged_or_read_and_nothing_else_happens()
    {
        Gen.Select(Gen.Int[0, Elf.Length - 1], Gen.OneOf(Gen.Byte, Gen.Const((byte)0), Gen.Const((byte)0x80), Gen.Const((byte)0xff))).Array[1, 12].Sample(
            changes =>
            {
                var hostile = (byte[])Elf.Clone();
                foreach (var (at, value) in changes)
                {
                    hostile[at] = value;
                }

                try
                {
                    var copy = ElfVersionNeeds.Weaken(hostile, Library, Version);
                    return copy is null || copy.Length == hostile.Length;
                }
                catch (InvalidDataException exception)
                {
                    return exception.Message.Length > 0;
                }
            },
            iter: 20_000);
    }

    [Theory]
    [InlineData("#!/bin/sh\necho this is a program of another kind, long enough to hold a header\n")]
    [InlineData("")]
    public void A_file_of_another_kind_is_called_so(string text)
    {
        var exception = Assert.Throws<InvalidDataException>(() => ElfVersionNeeds.Weaken(System.Text.Encoding.UTF8.GetBytes(text), Library, Version));

        Assert.Equal("it is not an ELF file", exception.Message);
    }

    [LinuxFact]
    [SupportedOSPlatform("linux")]
    public void The_library_of_TorchSharp_asks_for_the_version()
    {
        var original = NativeSearch.Find(BackendPatching.LibraryName, NativeSearch.Folders());

        Assert.NotNull(original);
        var bytes = File.ReadAllBytes(original);
        var copy = ElfVersionNeeds.Weaken(bytes, Library, Version);
        Assert.NotNull(copy);
        Assert.Equal(1, bytes.Zip(copy).Count(pair => pair.First != pair.Second));
    }
}
