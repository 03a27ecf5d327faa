using System.Diagnostics;
using System.Runtime.Versioning;
using System.Security.Cryptography;
using Jigsaw.Native;

namespace Jigsaw.Runtime.Tests.Native;

[SupportedOSPlatform("linux")]
public sealed class BackendPatchingTests : IDisposable
{
    private static readonly byte[] _elf = SmallElf.Needing(("libstdc++.so.6", ["GLIBCXX_3.4", "GLIBCXX_3.4.32"]));
    private static readonly byte[] _patched = ElfVersionNeeds.Weaken(_elf, "libstdc++.so.6", "GLIBCXX_3.4.32")!;

    private readonly TemporaryFolder _folder = new();
    private readonly List<string> _loaded = [];

    private string Natives => _folder["natives"];

    private string Original => Path.Combine(Natives, "libLibTorchSharp.so");

    private string Cache => _folder["cache"];

    private string Copy => Path.Combine(Cache, $"libLibTorchSharp.{Convert.ToHexStringLower(SHA256.HashData(_elf))}.so");

    public void Dispose() => _folder.Dispose();

    [LinuxFact]
    public void A_system_that_has_the_version_is_left_alone()
    {
        Assert.False(Patching(provides: true).Run());
        Assert.Empty(_loaded);
        Assert.False(Directory.Exists(Cache));
    }

    [LinuxFact]
    public void A_library_that_does_not_ask_for_the_version_is_left_alone()
    {
        Assert.False(Patching(elf: SmallElf.Needing(("libstdc++.so.6", ["GLIBCXX_3.4"]))).Run());
        Assert.Empty(_loaded);
        Assert.False(Directory.Exists(Cache));
    }

    [LinuxFact]
    public void A_program_without_native_libraries_is_left_alone()
    {
        var patching = Patching();
        File.Delete(Original);

        Assert.False(patching.Run());
        Assert.Empty(_loaded);
    }

    [LinuxFact]
    public void The_dependencies_are_loaded_in_order_and_the_copy_last()
    {
        var patching = Patching();
        foreach (var name in (string[])["libtorch.so", "libtorch_cpu.so", "libc10.so"])
        {
            File.WriteAllBytes(Path.Combine(Natives, name), []);
        }

        Assert.True(patching.Run());
        Assert.Equal(["libc10.so", "libtorch_cpu.so", "libtorch.so", Path.GetFileName(Copy)], _loaded.Select(Path.GetFileName));
        Assert.Equal(Copy, _loaded[^1]);
    }

    [LinuxFact]
    public void The_libraries_of_CUDA_are_loaded_where_they_are()
    {
        var patching = Patching();
        foreach (var name in (string[])["libtorch.so", "libtorch_cpu.so", "libtorch_cuda.so", "libc10_cuda.so", "libc10.so"])
        {
            File.WriteAllBytes(Path.Combine(Natives, name), []);
        }

        Assert.True(patching.Run());
        Assert.Equal(["libc10.so", "libc10_cuda.so", "libtorch_cpu.so", "libtorch_cuda.so", "libtorch.so", Path.GetFileName(Copy)], _loaded.Select(Path.GetFileName));
    }

    [LinuxFact]
    public void The_copy_is_the_patched_library_in_a_private_folder()
    {
        Assert.True(Patching().Run());

        Assert.Equal(_patched, File.ReadAllBytes(Copy));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Cache));
        Assert.Equal([Copy], Directory.GetFileSystemEntries(Cache));
    }

    [LinuxFact]
    public void The_original_is_not_changed()
    {
        var patching = Patching();
        var written = new DateTime(2020, 1, 2, 3, 4, 5, DateTimeKind.Utc);
        File.SetLastWriteTimeUtc(Original, written);
        File.SetUnixFileMode(Original, UnixFileMode.UserRead);

        Assert.True(patching.Run());
        Assert.Equal(_elf, File.ReadAllBytes(Original));
        Assert.Equal(written, File.GetLastWriteTimeUtc(Original));
        Assert.Equal([Original], Directory.GetFileSystemEntries(Natives));
    }

    [LinuxFact]
    public void A_copy_that_is_there_is_used_as_it_is()
    {
        Assert.True(Patching().Run());
        var written = new DateTime(2020, 1, 2, 3, 4, 5, DateTimeKind.Utc);
        File.SetLastWriteTimeUtc(Copy, written);

        Assert.True(Patching().Run());
        Assert.Equal(written, File.GetLastWriteTimeUtc(Copy));
    }

    [LinuxFact]
    public void A_copy_that_was_tampered_with_is_replaced_before_it_is_loaded()
    {
        Assert.True(Patching().Run());
        var tampered = (byte[])_patched.Clone();
        tampered[^1] ^= 1;
        File.WriteAllBytes(Copy, tampered);

        byte[]? loaded = null;
        Assert.True(Patching(load: path => loaded = File.ReadAllBytes(path)).Run());
        Assert.Equal(_patched, loaded);
    }

    [LinuxFact]
    public void A_truncated_copy_is_replaced()
    {
        Assert.True(Patching().Run());
        File.WriteAllBytes(Copy, _patched[..100]);

        Assert.True(Patching().Run());
        Assert.Equal(_patched, File.ReadAllBytes(Copy));
    }

    [LinuxFact]
    public void A_copy_that_others_can_write_is_replaced()
    {
        Assert.True(Patching().Run());
        File.SetUnixFileMode(Copy, UnixFileMode.UserRead | UnixFileMode.OtherWrite);

        Assert.True(Patching().Run());
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Copy));
    }

    [LinuxFact]
    public void A_link_in_place_of_the_copy_is_replaced_and_its_target_left_alone()
    {
        Assert.True(Patching().Run());
        var elsewhere = _folder["elsewhere.so"];
        File.Move(Copy, elsewhere);
        File.CreateSymbolicLink(Copy, elsewhere);

        Assert.True(Patching().Run());
        Assert.Null(new FileInfo(Copy).LinkTarget);
        Assert.Equal(_patched, File.ReadAllBytes(elsewhere));
    }

    [LinuxFact]
    public void A_folder_that_others_can_write_is_refused_in_a_sentence()
    {
        Directory.CreateDirectory(Cache);
        File.SetUnixFileMode(Cache, (UnixFileMode)0b111_111_111);

        var exception = Assert.Throws<NativeLoadException>(() => Patching().Run());
        Assert.Contains($"'{Cache}': others can write to the folder", exception.Message, StringComparison.Ordinal);
        Assert.Contains("GLIBCXX_3.4.32", exception.Message, StringComparison.Ordinal);
        Assert.Contains("set XDG_CACHE_HOME", exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', exception.Message);
        Assert.Empty(_loaded);
        Assert.Empty(Directory.GetFileSystemEntries(Cache));
    }

    [LinuxFact]
    public void A_program_without_libtorch_is_told_which_package_brings_it()
    {
        var patching = Patching(load: path => throw new DllNotFoundException("Unable to load shared library:\nlibtorch.so: cannot open shared object file: No such file or directory\n"));

        var exception = Assert.Throws<NativeLoadException>(() => patching.Run());
        Assert.Contains("libtorch is missing: no package of this program brings it; add libtorch-cpu-linux-x64", exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("GLIBCXX", exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', exception.Message);
    }

    [LinuxFact]
    public void A_folder_of_another_user_is_refused()
    {
        // Only root can give a folder to another user, and only root owns root's folders.
        var folder = "/usr";
        if (FileOwner.CurrentUser == FileOwner.Root)
        {
            folder = Directory.CreateDirectory(Cache).FullName;
            using var change = Process.Start("chown", ["65534", folder]);
            change.WaitForExit();
        }

        var exception = Assert.Throws<NativeLoadException>(() => Patching(caches: [folder]).Run());
        Assert.Contains($"'{folder}': the folder belongs to another user", exception.Message, StringComparison.Ordinal);
        Assert.Empty(_loaded);
    }

    [LinuxFact]
    public void A_folder_below_one_that_others_can_write_is_refused()
    {
        var open = Directory.CreateDirectory(_folder["open"]);
        open.UnixFileMode = (UnixFileMode)0b111_111_101;
        var cache = Path.Combine(open.FullName, "cache");

        var exception = Assert.Throws<NativeLoadException>(() => Patching(caches: [cache]).Run());
        Assert.Contains($"others can write to '{open.FullName}'", exception.Message, StringComparison.Ordinal);
        Assert.Empty(_loaded);
    }

    [LinuxFact]
    public void A_folder_below_one_with_the_sticky_bit_is_used()
    {
        var open = Directory.CreateDirectory(_folder["open"]);
        open.UnixFileMode = (UnixFileMode)0b1_111_111_111;

        Assert.True(Patching(caches: [Path.Combine(open.FullName, "cache")]).Run());
    }

    [LinuxFact]
    public void A_link_in_place_of_the_folder_is_refused()
    {
        Directory.CreateDirectory(_folder["elsewhere"]);
        Directory.CreateSymbolicLink(Cache, _folder["elsewhere"]);

        var exception = Assert.Throws<NativeLoadException>(() => Patching().Run());
        Assert.Contains("the folder is a link", exception.Message, StringComparison.Ordinal);
    }

    [LinuxFact]
    public void The_next_folder_serves_where_the_first_does_not()
    {
        File.WriteAllText(_folder["file"], "");
        var impossible = Path.Combine(_folder["file"], "cache");

        Assert.True(Patching(caches: [impossible, Cache]).Run());
        Assert.Equal(Copy, _loaded[^1]);
    }

    [LinuxFact]
    public void The_next_folder_serves_where_the_first_forbids_execution()
    {
        var first = _folder["first"];

        Assert.True(Patching(caches: [first, Cache], load: path =>
        {
            if (path.StartsWith(first, StringComparison.Ordinal))
            {
                throw new DllNotFoundException("failed to map segment from shared object");
            }

            _loaded.Add(path);
        }).Run());
        Assert.Equal([Copy], _loaded);
    }

    [LinuxFact]
    public void A_damaged_library_gets_a_sentence()
    {
        var exception = Assert.Throws<NativeLoadException>(() => Patching(elf: _elf[..200]).Run());

        Assert.Equal($"TorchSharp's native library '{Original}' is damaged (it is truncated); restore the package TorchSharp again.", exception.Message);
        Assert.Empty(_loaded);
        Assert.False(Directory.Exists(Cache));
    }

    [LinuxFact]
    public void A_dependency_that_does_not_load_gets_a_sentence()
    {
        var patching = Patching(load: path => throw new DllNotFoundException("Unable to load it:\nlibgomp.so.1: cannot open shared object file\n"));
        var path = Path.Combine(Natives, "libc10.so");
        File.WriteAllBytes(path, []);

        var exception = Assert.Throws<NativeLoadException>(() => patching.Run());
        Assert.Equal($"The native library '{path}' can't be loaded: libgomp.so.1: cannot open shared object file", exception.Message);
    }

    [LinuxFact]
    public void Many_that_write_the_copy_at_once_all_find_it_complete()
    {
        // Large, so writing it takes long enough for another process to see half of it.
        var content = new byte[16 << 20];
        Random.Shared.NextBytes(content);
        Directory.CreateDirectory(Cache);
        using var start = new Barrier(8);
        var whole = new bool[start.ParticipantCount];
        var threads = whole.Select((_, i) => new Thread(() =>
        {
            start.SignalAndWait();
            whole[i] = File.ReadAllBytes(PatchedCopy.Place(Cache, "copy.so", content)).AsSpan().SequenceEqual(content);
        })).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());

        Assert.All(whole, Assert.True);
        Assert.Single(Directory.GetFileSystemEntries(Cache));
    }

    [LinuxFact]
    public async Task Processes_that_start_at_once_all_work()
    {
        // The entry point of a test assembly does nothing: the process runs the module initializer and ends.
        var processes = Enumerable.Range(0, 3).Select(_ => Start(Cache, Cache)).ToArray();
        foreach (var process in processes)
        {
            using (process)
            {
                var error = await process.StandardError.ReadToEndAsync();
                await process.WaitForExitAsync();
                Assert.Equal((0, ""), (process.ExitCode, error));
            }
        }

        var written = Directory.Exists(Cache) ? Directory.GetFiles(Cache, "*", SearchOption.AllDirectories) : [];
        Assert.Equal(CppRuntime.Provides(BackendPatching.MissingVersion) ? 0 : 1, written.Length);
    }

    [LinuxFact]
    public async Task A_program_that_can_not_be_patched_ends_with_only_the_sentence()
    {
        File.WriteAllText(_folder["file"], "");
        using var process = Start(_folder["file"], _folder["file"]);
        var error = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();

        if (CppRuntime.Provides(BackendPatching.MissingVersion))
        {
            Assert.Equal((0, ""), (process.ExitCode, error));
        }
        else
        {
            Assert.Equal(1, process.ExitCode);
            Assert.StartsWith("TorchSharp's native library needs GLIBCXX_3.4.32", error, StringComparison.Ordinal);
            Assert.Single(error.TrimEnd().Split('\n'));
        }
    }

    private static Process Start(string cache, string home)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!, [typeof(BackendPatchingTests).Assembly.Location]) { RedirectStandardError = true };
        start.Environment["XDG_CACHE_HOME"] = cache;
        start.Environment["HOME"] = home;
        start.Environment["TMPDIR"] = home;
        start.Environment["DOTNET_EnableDiagnostics"] = "0";
        return Process.Start(start)!;
    }

    private BackendPatching Patching(bool provides = false, byte[]? elf = null, string[]? caches = null, Action<string>? load = null)
    {
        Directory.CreateDirectory(Natives);
        File.WriteAllBytes(Original, elf ?? _elf);
        return new BackendPatching
        {
            RuntimeProvides = _ => provides,
            SearchFolders = [_folder["nothing"], Natives],
            CacheFolders = caches ?? [Cache],
            Load = load ?? _loaded.Add,
        };
    }
}
