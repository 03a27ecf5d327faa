using System.Runtime.Versioning;
using System.Security.Cryptography;

namespace Jigsaw.Native;

/// <summary>The procedure behind <see cref="NativeBackend"/>, with every system call passed in.</summary>
[SupportedOSPlatform("linux")]
internal sealed class BackendPatching
{
    public const string LibraryName = "libLibTorchSharp.so";
    public const string LibTorchName = "libtorch.so";
    public const string CppRuntimeName = "libstdc++.so.6";
    public const string MissingVersion = "GLIBCXX_3.4.32";

    // In dependency order. Those of the CUDA build exist only with that backend.
    private static readonly string[] _dependencies = ["libc10.so", "libc10_cuda.so", "libtorch_cpu.so", "libtorch_cuda.so", LibTorchName];

    /// <summary>Returns true if the process's C++ runtime has a version.</summary>
    public required Func<string, bool> RuntimeProvides { get; init; }

    /// <summary>Where the host looks for native libraries, in its order.</summary>
    public required IReadOnlyList<string> SearchFolders { get; init; }

    /// <summary>Folders for the patched copy, the best first.</summary>
    public required IReadOnlyList<string> CacheFolders { get; init; }

    /// <summary>Loads a library by path, or throws.</summary>
    public required Action<string> Load { get; init; }

    /// <summary>Loads a patched copy if the original needs one.</summary>
    /// <returns>True if it did.</returns>
    public bool Run()
    {
        // Without the library there is nothing to patch, and TorchSharp's own error names the missing package best.
        if (RuntimeProvides(MissingVersion) || NativeSearch.Find(LibraryName, SearchFolders) is not { } original)
        {
            return false;
        }

        var bytes = Read(original);
        var patched = Weaken(original, bytes);
        if (patched is null)
        {
            return false;
        }

        LoadDependencies();
        LoadCopy($"libLibTorchSharp.{Convert.ToHexStringLower(SHA256.HashData(bytes))}.so", patched);
        return true;
    }

    private static byte[] Read(string original)
    {
        try
        {
            return File.ReadAllBytes(original);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new NativeLoadException($"TorchSharp's native library '{original}' can't be read: {exception.Message}", exception);
        }
    }

    private static byte[]? Weaken(string original, byte[] bytes)
    {
        try
        {
            return ElfVersionNeeds.Weaken(bytes, CppRuntimeName, MissingVersion);
        }
        catch (InvalidDataException exception)
        {
            throw new NativeLoadException($"TorchSharp's native library '{original}' is damaged ({exception.Message}); restore the package TorchSharp again.", exception);
        }
    }

    private void LoadDependencies()
    {
        foreach (var name in _dependencies)
        {
            if (NativeSearch.Find(name, SearchFolders) is not { } path)
            {
                continue;
            }

            try
            {
                Load(path);
            }
            catch (Exception exception) when (exception is DllNotFoundException or BadImageFormatException)
            {
                throw new NativeLoadException($"The native library '{path}' can't be loaded: {FirstLine(exception)}", exception);
            }
        }
    }

    private void LoadCopy(string name, byte[] patched)
    {
        var refusals = new List<string>();
        Exception? last = null;
        foreach (var folder in CacheFolders)
        {
            try
            {
                Load(PatchedCopy.Place(PrivateFolder.Open(folder), name, patched));
                return;
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or DllNotFoundException or BadImageFormatException)
            {
                refusals.Add($"'{folder}': {FirstLine(exception)}");
                last = exception;
            }
        }

        // The copy was placed, and the loader misses what the program's packages should have brought.
        if (last is DllNotFoundException && FirstLine(last).Contains(LibTorchName, StringComparison.Ordinal))
        {
            throw new NativeLoadException(
                $"TorchSharp's native library can't be loaded because libtorch is missing: no package of this program brings it; add libtorch-cpu-linux-x64, or TorchSharp-cuda-linux for CUDA ({FirstLine(last)}).",
                last);
        }

        throw new NativeLoadException(
            $"TorchSharp's native library needs {MissingVersion}, which this system's {CppRuntimeName} lacks, and a patched copy of it could not be used"
            + $" ({string.Join("; ", refusals)}); set XDG_CACHE_HOME to a folder that only you can write, or install the libstdc++ of GCC 13 or newer.",
            last);
    }

    // NativeLibrary describes a failed load in a paragraph; the dynamic loader's own message is its last line.
    private static string FirstLine(Exception exception)
    {
        var lines = exception.Message.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return exception is DllNotFoundException ? lines[^1] : lines[0];
    }
}
